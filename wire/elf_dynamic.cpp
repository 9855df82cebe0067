#include "wire/elf_dynamic.hpp"

namespace spore::wire::elf {

namespace {
struct RawEntry {
    le64 tag, value;
};
constexpr u64 tag_end = 0, tag_string_table = 5, tag_string_size = 10;
}  // namespace

std::expected<Dynamic, Problem> Dynamic::parse(ByteSpan file, const ProgramHeaders& headers) {
    Dynamic dynamic;
    auto segment = headers.find(SegmentType::dynamic);
    if (!segment) return dynamic;
    auto bytes = slice(file, segment->offset, segment->file_size);
    if (!bytes) return std::unexpected(Problem::segment_outside_file);

    u64 table = 0, size = 0, count = 0;
    for (; auto* entry = view_at<RawEntry>(*bytes, count * sizeof(RawEntry)); ++count) {
        if (entry->tag == tag_end) break;
        if (entry->tag == tag_string_table) table = entry->value;
        if (entry->tag == tag_string_size) size = entry->value;
    }
    dynamic.entries_ = *bytes;
    dynamic.count_ = count;
    if (size != 0) {
        auto offset = headers.offset_of(table, size);
        auto strings = offset ? slice(file, *offset, size) : std::nullopt;
        if (!strings) return std::unexpected(Problem::bad_dynamic);
        dynamic.strings_ = *strings;
    }
    for (u64 i = 0; i < count; ++i) {
        auto* entry = view_at<RawEntry>(*bytes, i * sizeof(RawEntry));
        bool names = entry->tag == tag_needed || entry->tag == tag_soname || entry->tag == tag_rpath || entry->tag == tag_runpath;
        if (names && !dynamic.string_at(entry->value)) return std::unexpected(Problem::bad_dynamic);
    }
    return dynamic;
}

std::optional<std::string_view> Dynamic::string_at(u64 offset) const {
    if (offset >= strings_.size()) return std::nullopt;
    std::string_view rest(reinterpret_cast<const char*>(strings_.data()) + offset, strings_.size() - offset);
    auto end = rest.find('\0');
    if (end == std::string_view::npos) return std::nullopt;
    return rest.substr(0, end);
}

std::optional<std::string_view> Dynamic::string_entry(u64 index, u64 tag) const {
    auto* entry = view_at<RawEntry>(entries_, index * sizeof(RawEntry));
    if (!entry || entry->tag != tag) return std::nullopt;
    return string_at(entry->value);
}

std::optional<std::string_view> Dynamic::first(u64 tag) const {
    for (u64 i = 0; i < count_; ++i)
        if (auto text = string_entry(i, tag)) return text;
    return std::nullopt;
}

}  // namespace spore::wire::elf
