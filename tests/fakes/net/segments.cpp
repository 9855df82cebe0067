#include "tests/fakes/net/segments.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace spore::fakes {

void store(Bytes& bytes, std::size_t at, u64 value, unsigned count) {
    auto stored = big(value, count);
    std::copy(stored.begin(), stored.end(), bytes.begin() + static_cast<i64>(at));
}

Bytes part(const Bytes& bytes, std::size_t from, std::size_t count) {
    return Bytes(bytes.begin() + static_cast<i64>(from), bytes.begin() + static_cast<i64>(from + count));
}

void sum_up(Bytes& frame, std::size_t start, std::size_t field) {
    ASSERT_LE(start, frame.size());
    ASSERT_LE(field + 2, frame.size());
    store(frame, field, plain_checksum(part(frame, start, frame.size() - start)), 2);
}

std::vector<Bytes> cut_tcp(const Bytes& whole, std::size_t transport, std::size_t size) {
    constexpr std::size_t ip = 14;
    bool v4 = whole.at(ip) >> 4 == 4;
    std::size_t headers = transport + (whole.at(transport + 12) >> 4) * std::size_t{4}, field = transport + 16;
    EXPECT_LE(headers, whole.size());
    EXPECT_GT(size, 0u);
    if (headers > whole.size() || !size) return {};
    std::vector<Bytes> frames;
    for (std::size_t at = 0, payload = whole.size() - headers; at < payload; at += size) {
        std::size_t count = std::min(size, payload - at);
        Bytes frame = part(whole, 0, headers) + part(whole, headers + at, count);
        if (v4) {
            store(frame, ip + 2, frame.size() - ip, 2);
            store(frame, ip + 10, 0, 2);
            store(frame, ip + 10, plain_checksum(part(frame, ip, transport - ip)), 2);
        } else {
            store(frame, ip + 4, frame.size() - transport, 2);
        }
        store(frame, transport + 4, read_big(frame, transport + 4, 4) + at, 4);
        if (at + count < payload) frame[transport + 13] &= static_cast<u8>(~0x09);
        u64 sum = read_big(frame, field, 2) + frame.size() - transport;
        while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
        store(frame, field, sum, 2);
        sum_up(frame, transport, field);
        frames.push_back(std::move(frame));
    }
    return frames;
}

}  // namespace spore::fakes
