#include "host/profile/samples.hpp"

namespace spore::host {

namespace {

struct Section {
    le64 offset, size;
};
struct FileHeader {
    char magic[8];
    le64 size, attribute_size;
    Section attributes, data;
};
/// The beginning of struct perf_event_attr [linux/perf_event.h].
struct Attributes {
    le32 type, size;
    le64 config, frequency, sample_type;
};
struct RecordHead {
    le32 type;
    le16 misc, size;
};
constexpr u32 sample_record = 9;
// PERF_SAMPLE_*
constexpr u64 sample_ip = 1, sample_tid = 2, sample_time = 4, sample_address = 8, sample_read = 0x10, sample_callchain = 0x20, sample_id = 0x40, sample_cpu = 0x80,
              sample_period = 0x100, sample_stream = 0x200, sample_identifier = 0x10000;
/// What stands before the callchain, eight bytes each.
constexpr u64 before_callchain = sample_identifier | sample_ip | sample_tid | sample_time | sample_address | sample_id | sample_stream | sample_cpu | sample_period;
/// From here on, an address in a callchain says whose code the following ones are (PERF_CONTEXT_MAX).
constexpr u64 first_marker = ~u64{0} - 4094;

/// The fields that every sample has, when all events agree on that.
std::optional<u64> sample_fields(ByteSpan file, const FileHeader& header) {
    auto table = slice(file, header.attributes.offset, header.attributes.size);
    u64 entry = header.attribute_size;
    if (!table || entry < sizeof(Attributes)) return std::nullopt;
    std::optional<u64> fields;
    for (u64 at = 0; at + entry <= table->size(); at += entry) {
        u64 its = view_at<Attributes>(*table, at)->sample_type;
        if (fields.value_or(its) != its) return std::nullopt;
        fields = its;
    }
    return fields;
}

bool read_sample(ByteSpan body, u64 fields, std::vector<u64>& addresses) {
    addresses.clear();
    u64 at = static_cast<u64>(__builtin_popcountll(fields & before_callchain)) * sizeof(u64);
    auto* count = view_at<le64>(body, at);
    if (!count || *count > body.size() / sizeof(u64)) return false;
    for (u64 i = 1; i <= *count; ++i) {
        auto* address = view_at<le64>(body, at + i * sizeof(u64));
        if (!address) return false;
        if (*address && *address < first_marker) addresses.push_back(*address);
    }
    return !addresses.empty();
}

}  // namespace

bool read_samples(ByteSpan file, const std::function<void(const std::vector<u64>& addresses)>& take) {
    auto* header = view_at<FileHeader>(file, 0);
    if (!header || std::string_view(header->magic, sizeof header->magic) != "PERFILE2") return false;
    auto fields = sample_fields(file, *header);
    auto data = slice(file, header->data.offset, header->data.size);
    if (!fields || !data || !(*fields & sample_callchain) || (*fields & sample_read)) return false;
    std::vector<u64> addresses;
    for (u64 at = 0; auto* head = view_at<RecordHead>(*data, at); at += head->size) {
        auto body = slice(*data, at + sizeof *head, head->size < sizeof *head ? ~u64{0} : u64{head->size} - sizeof *head);
        if (!body) break;
        if (head->type == sample_record && read_sample(*body, *fields, addresses)) take(addresses);
    }
    return true;
}

}  // namespace spore::host
