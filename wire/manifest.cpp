#include "wire/manifest.hpp"

#include "abi/trace.hpp"

namespace spore::wire {

using abi::Tag;

namespace {

std::string_view as_text(ByteSpan bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

bool is_text(ByteSpan payload) { return as_text(payload).find('\0') == std::string_view::npos; }
bool is_path(ByteSpan payload) { return is_text(payload) && as_text(payload).starts_with('/'); }
bool is_number(ByteSpan payload, u32 largest) {
    auto* value = view_at<le32>(payload, 0);
    return payload.size() == sizeof(le32) && *value <= largest;
}
constexpr u32 last_signal = 64;  // of Linux's, which begin with 1
template <typename T>
bool is_struct(ByteSpan payload) { return payload.size() == sizeof(T); }

bool is_interface(ByteSpan payload) {
    auto* record = view_at<abi::InterfaceRecord>(payload, 0);
    if (!record || record->method > u8(abi::AddressMethod::automatic) || record->address_count > abi::max_addresses) return false;
    if (payload.size() != sizeof *record + record->address_count * sizeof(abi::AddressRecord)) return false;
    for (unsigned i = 0; i < record->address_count; ++i)
        if (view_at<abi::AddressRecord>(payload, sizeof *record + i * sizeof(abi::AddressRecord))->prefix_length > 128) return false;
    return true;
}

bool is_trace(ByteSpan payload) {
    auto* record = view_at<abi::TraceRecord>(payload, 0);
    return record && payload.size() == sizeof *record && (record->points & ~abi::all_trace_points) == 0 && record->events >= abi::least_trace_events &&
           record->events <= abi::most_trace_events;
}

bool is_volume(ByteSpan payload) {
    auto* record = view_at<abi::VolumeRecord>(payload, 0);
    return record && record->naming <= u8(abi::VolumeName::label) && record->read_only <= 1 && is_path(payload.subspan(sizeof *record));
}

bool is_tmpfs(ByteSpan payload) {
    auto* record = view_at<abi::TmpfsRecord>(payload, 0);
    return record && record->mode <= 07777 && is_path(payload.subspan(sizeof *record));
}

bool is_user(ByteSpan payload) {
    auto groups = payload.size() - sizeof(abi::UserRecord);
    return payload.size() >= sizeof(abi::UserRecord) && groups % sizeof(le32) == 0 && groups / sizeof(le32) <= abi::most_groups;
}

bool is_file(ByteSpan payload) {
    auto* record = view_at<abi::FileRecord>(payload, 0);
    auto path = record ? slice(payload, sizeof *record, u64{record->path_size}) : std::nullopt;
    return path && is_path(*path) && record->mode <= 07777;
}

enum class Check : u8 { good, bad, unknown };

/// Whether a record's payload is what its tag promises.
Check check_record(Tag tag, ByteSpan payload) {
    auto verdict = [](bool good) { return good ? Check::good : Check::bad; };
    switch (tag) {
        case Tag::program:
        case Tag::read_only:
        case Tag::share:
        case Tag::directory: return verdict(is_path(payload));
        case Tag::argument:
        case Tag::search_domain:
        case Tag::hostname: return verdict(is_text(payload));
        case Tag::core_pattern: return verdict(is_text(payload) && payload.size() <= abi::core_pattern_limit);
        case Tag::environment: return verdict(is_text(payload) && as_text(payload).find('=') != std::string_view::npos);
        case Tag::mode: return verdict(is_number(payload, u32(abi::Mode::guarded)));
        case Tag::log_level: return verdict(is_number(payload, u32(abi::LogLevel::trace)));
        case Tag::root_source: return verdict(is_number(payload, u32(abi::RootSource::disk)));
        case Tag::channel: return verdict(is_number(payload, u32(abi::ChannelKind::framed)));
        case Tag::stop_signal: return verdict(is_number(payload, last_signal) && *view_at<le32>(payload, 0) != 0);
        case Tag::fixed_addresses:
        case Tag::timeline:
        case Tag::strace: return verdict(is_number(payload, 1));
        case Tag::terminal: return verdict(is_struct<abi::TerminalRecord>(payload));
        case Tag::limit: return verdict(is_struct<abi::LimitRecord>(payload));
        case Tag::interface: return verdict(is_interface(payload));
        case Tag::name_server: return verdict(payload.size() == sizeof(abi::AddressRecord::address));
        case Tag::volume: return verdict(is_volume(payload));
        case Tag::tmpfs: return verdict(is_tmpfs(payload));
        case Tag::file: return verdict(is_file(payload));
        case Tag::user: return verdict(is_user(payload));
        case Tag::trace: return verdict(is_trace(payload));
    }
    return Check::unknown;
}

}  // namespace

Result<Manifest> Manifest::parse(ByteSpan bytes) {
    auto* header = view_at<abi::ManifestHeader>(bytes, 0);
    if (!header) return fail(Error::truncated);
    if (header->magic != abi::manifest_magic) return fail(Error::corrupt);
    if (header->version != abi::manifest_version) return fail(Error::not_supported);
    if (header->total_size < sizeof *header) return fail(Error::corrupt);
    if (header->total_size > bytes.size()) return fail(Error::truncated);
    bytes = bytes.first(header->total_size);

    u32 records = 0;
    bool program = false;
    for (u64 at = sizeof *header; at < bytes.size(); ++records) {
        auto* record = view_at<abi::RecordHeader>(bytes, at);
        if (!record) return fail(Error::truncated);
        auto padded = slice(bytes, at + sizeof *record, align_up(u64{record->size}, record_alignment));
        if (!padded) return fail(Error::truncated);
        auto tag = static_cast<Tag>(u16{record->tag});
        switch (check_record(tag, padded->first(record->size))) {
            case Check::good: program |= tag == Tag::program; break;
            case Check::bad: return fail(Error::corrupt);
            case Check::unknown:
                if (record->flags & u16(abi::RecordFlag::required)) return fail(Error::not_supported);
                break;
        }
        at += sizeof *record + padded->size();
    }
    if (records != header->record_count || !program) return fail(Error::corrupt);
    return Manifest(bytes);
}

std::optional<ByteSpan> Manifest::find(Tag wanted) const {
    std::optional<ByteSpan> found;
    for_each([&](Tag tag, ByteSpan payload) { if (tag == wanted && !found) found = payload; });
    return found;
}

std::optional<std::string_view> Manifest::text(Tag tag) const {
    auto payload = find(tag);
    return payload ? std::optional(as_text(*payload)) : std::nullopt;
}

std::optional<u32> Manifest::number(Tag tag) const {
    auto payload = find(tag);
    return payload ? std::optional<u32>(*view_at<le32>(*payload, 0)) : std::nullopt;
}

std::size_t Manifest::count(Tag wanted) const {
    std::size_t found = 0;
    for_each([&](Tag tag, ByteSpan) { found += tag == wanted; });
    return found;
}

std::optional<Manifest::Terminal> Manifest::terminal() const {
    auto payload = find(Tag::terminal);
    if (!payload) return std::nullopt;
    auto* record = view_at<abi::TerminalRecord>(*payload, 0);
    return Terminal{record->rows, record->columns};
}

std::optional<Manifest::User> Manifest::user() const {
    auto payload = find(Tag::user);
    if (!payload) return std::nullopt;
    auto* record = view_at<abi::UserRecord>(*payload, 0);
    auto groups = payload->subspan(sizeof *record);
    return User{record->uid, record->gid, {reinterpret_cast<const le32*>(groups.data()), groups.size() / sizeof(le32)}};
}

std::optional<Manifest::Trace> Manifest::trace() const {
    auto payload = find(Tag::trace);
    if (!payload) return std::nullopt;
    auto* record = view_at<abi::TraceRecord>(*payload, 0);
    return Trace{record->points, record->events};
}

Manifest::Limit Manifest::to_limit(ByteSpan payload) {
    auto* record = view_at<abi::LimitRecord>(payload, 0);
    return {record->resource, record->soft, record->hard};
}

}  // namespace spore::wire
