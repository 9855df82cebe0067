// Writes abi/manifest.hpp into a growing buffer. Used by the host tool and by tests.
#pragma once

#include <algorithm>
#include <string_view>

#include "abi/manifest.hpp"

namespace spore::wire {

/// `Buffer` is a container of std::byte with insert at the end, such as std::vector<std::byte>.
template <typename Buffer>
class ManifestWriter {
public:
    explicit ManifestWriter(Buffer& buffer) : buffer_(buffer) {
        buffer_.clear();
        append(bytes_of(abi::ManifestHeader{}));
    }

    void text(abi::Tag tag, std::string_view value) { record(tag, std::as_bytes(std::span(value))); }
    void number(abi::Tag tag, u32 value) {
        le32 wire{};
        wire = value;
        record(tag, bytes_of(wire));
    }
    /// A record whose payload is `payload` followed by `rest`.
    void record(abi::Tag tag, ByteSpan payload, std::string_view rest = {}) {
        abi::RecordHeader header{};
        header.tag = static_cast<u16>(tag);
        header.flags = static_cast<u16>(abi::RecordFlag::required);
        header.size = static_cast<u32>(payload.size() + rest.size());
        append(bytes_of(header));
        append(payload);
        append(std::as_bytes(std::span(rest)));
        while (!is_aligned(buffer_.size(), 8)) buffer_.push_back(std::byte{0});
        ++records_;
    }
    /// Call once, after the last record: fills in the header.
    void finish() {
        abi::ManifestHeader header{};
        header.magic = abi::manifest_magic;
        header.version = abi::manifest_version;
        header.record_count = records_;
        header.total_size = static_cast<u32>(buffer_.size());
        auto bytes = bytes_of(header);
        std::copy(bytes.begin(), bytes.end(), buffer_.begin());
    }

private:
    void append(ByteSpan bytes) { buffer_.insert(buffer_.end(), bytes.begin(), bytes.end()); }

    Buffer& buffer_;
    u32 records_ = 0;
};

}  // namespace spore::wire
