// memory.S and program_access.S of x86-64, as the kernel has them: every short length, and lengths around what is special, between bytes that stay.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <vector>

#include "base/types.hpp"

extern "C" {
// The build gives these other names here than the kernel's, which the host's C library has too.
void* kernel_memcpy(void* to, const void* from, std::size_t size);
void* kernel_memmove(void* to, const void* from, std::size_t size);
void* kernel_memset(void* to, int value, std::size_t size);
spore::u64 program_copy(void* to, const void* from, spore::u64 size);
spore::u64 program_zero(void* to, spore::u64 size);
extern const bool program_access_guarded;
const bool program_access_guarded = false;
}

namespace spore {
namespace {

constexpr std::size_t lengths[] = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14,  15,  16,  17,   18,   23,  24,
                                   25, 31, 32, 33, 34, 39, 40, 41, 47, 48, 63, 64, 65, 127, 128, 129, 1000, 4095, 4096, 4097};
constexpr std::size_t room = 4200;
constexpr u8 around = 0xa5;

/// Bytes with others before and behind.
struct Fenced {
    explicit Fenced(std::size_t shift) : begin(64 + shift) { bytes.fill(around); }
    u8* at() { return bytes.data() + begin; }
    /// Whether what is outside of the first `size` bytes is as it was.
    bool whole(std::size_t size) const {
        auto same = [](u8 byte) { return byte == around; };
        return std::all_of(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(begin), same) &&
               std::all_of(bytes.begin() + static_cast<std::ptrdiff_t>(begin + size), bytes.end(), same);
    }
    std::array<u8, room + 128> bytes;
    std::size_t begin;
};

std::vector<u8> pattern(std::size_t size) {
    std::vector<u8> made(size);
    for (std::size_t i = 0; i < size; ++i) made[i] = static_cast<u8>(i * 7 + i / 251 + 1);
    return made;
}

TEST(Copies, OfEveryLengthTouchNothingElse) {
    for (std::size_t size : lengths)
        for (std::size_t shift : {0, 1, 7}) {
            auto from = pattern(size);
            Fenced copied(shift), given(shift);
            EXPECT_EQ(kernel_memcpy(copied.at(), from.data(), size), copied.at());
            EXPECT_EQ(program_copy(given.at(), from.data(), size), 0u);
            EXPECT_TRUE(std::equal(from.begin(), from.end(), copied.at())) << size;
            EXPECT_TRUE(std::equal(from.begin(), from.end(), given.at())) << size;
            EXPECT_TRUE(copied.whole(size) && given.whole(size)) << size;
        }
}

TEST(Copies, MayOverlapInMemmove) {
    for (std::size_t size : lengths)
        for (std::ptrdiff_t distance : {-9, -1, 0, 1, 9, 40}) {
            Fenced bytes(16);
            auto from = pattern(size);
            std::copy(from.begin(), from.end(), bytes.at());
            EXPECT_EQ(kernel_memmove(bytes.at() + distance, bytes.at(), size), bytes.at() + distance);
            EXPECT_TRUE(std::equal(from.begin(), from.end(), bytes.at() + distance)) << size << " by " << distance;
        }
}

TEST(Copies, FillsOfEveryLengthTouchNothingElse) {
    for (std::size_t size : lengths)
        for (std::size_t shift : {0, 1, 7}) {
            Fenced filled(shift), cleared(shift);
            EXPECT_EQ(kernel_memset(filled.at(), 0x1c3, size), filled.at());
            EXPECT_EQ(program_zero(cleared.at(), size), 0u);
            EXPECT_TRUE(std::all_of(filled.at(), filled.at() + size, [](u8 byte) { return byte == 0xc3; })) << size;
            EXPECT_TRUE(std::all_of(cleared.at(), cleared.at() + size, [](u8 byte) { return byte == 0; })) << size;
            EXPECT_TRUE(filled.whole(size) && cleared.whole(size)) << size;
        }
}

}  // namespace
}  // namespace spore
