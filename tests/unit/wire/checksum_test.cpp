// The Internet checksum against a plain loop over 16-bit words.
#include "wire/net/checksum.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace spore::wire {
namespace {

std::vector<u8> bytes_of_size(std::size_t size) {
    std::vector<u8> bytes(size);
    u32 state = static_cast<u32>(size) + 1;
    for (auto& byte : bytes) byte = static_cast<u8>((state = state * 1664525 + 1013904223) >> 24);
    return bytes;
}
u16 plain_checksum(const std::vector<u8>& bytes) {
    u32 sum = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i) sum += i % 2 ? u32{bytes[i]} : u32{bytes[i]} << 8;
    while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
    return static_cast<u16>(~sum);
}
ByteSpan view(const std::vector<u8>& bytes) { return std::as_bytes(std::span(bytes)); }

TEST(InternetSum, AgreesWithAPlainLoopForEverySize) {
    for (std::size_t size = 1; size < 300; ++size) {
        auto bytes = bytes_of_size(size);
        EXPECT_EQ(checksum_of(view(bytes)), plain_checksum(bytes)) << size;
    }
    std::vector<u8> ones(65'535, 0xff);
    EXPECT_EQ(checksum_of(view(ones)), plain_checksum(ones));
}

TEST(InternetSum, TakesPiecesOfAnySize) {
    auto bytes = bytes_of_size(97);
    for (std::size_t first = 0; first <= bytes.size(); ++first)
        for (std::size_t second = first; second <= bytes.size(); ++second) {
            InternetSum sum;
            sum.add(view(bytes).first(first));
            sum.add(view(bytes).subspan(first, second - first));
            sum.add(view(bytes).subspan(second));
            ASSERT_EQ(sum.checksum(), plain_checksum(bytes)) << first << " " << second;
        }
}

TEST(InternetSum, GoesOnFromWhatWasFolded) {
    auto bytes = bytes_of_size(60);
    InternetSum begun;
    begun.add(view(bytes).first(20));
    InternetSum sum(begun.fold());
    sum.add(view(bytes).subspan(20));
    EXPECT_EQ(sum.checksum(), plain_checksum(bytes));
    InternetSum whole;
    whole.add(view(bytes));
    whole.add(sum.checksum());
    EXPECT_TRUE(whole.verifies());
}

TEST(InternetSum, SumsAHeaderInFiveWords) {
    auto bytes = bytes_of_size(20);
    EXPECT_EQ(static_cast<u16>(~sum_of_20(view(bytes).data())), plain_checksum(bytes));
}

TEST(InternetSum, FollowsAChangedField) {
    auto bytes = bytes_of_size(20);
    auto before = plain_checksum(bytes);
    u16 old_field = static_cast<u16>(bytes[4] << 8 | bytes[5]);
    bytes[4] = 0x12, bytes[5] = 0x34;
    EXPECT_EQ(update_checksum(before, old_field, 0x1234), plain_checksum(bytes));
}

}  // namespace
}  // namespace spore::wire
