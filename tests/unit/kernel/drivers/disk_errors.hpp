// What tests of several disk drivers expect alike: that what a SCSI unit says becomes the right error, and that who waits for a disk that ends hears of it.
#pragma once

#include <gtest/gtest.h>

#include "kernel/drivers/request_slots.hpp"
#include "tests/fakes/disks.hpp"
#include "tests/fakes/scsi.hpp"

namespace spore::fakes {

struct ScsiError {
    ScsiUnits::Answer answer;
    Error error;
};
/// What units say, whatever they are behind.
inline constexpr ScsiError scsi_errors[] = {{{0, 2, 3, 0x11}, Error::io}, {{0, 2, 4, 0}, Error::io}, {{0, 2, 5, 0x21}, Error::out_of_range}, {{0, 2, 5, 0x20}, Error::io},
                                            {{0, 2, 7, 0x27}, Error::read_only}, {{0, 0x18, 0, 0}, Error::io}};
inline constexpr ScsiUnits::Answer scsi_retries[] = {{0, 2, 6, 0x29}, {0, 2, 11, 0}, {0, 8, 0, 0}, {0, 0x28, 0, 0}};

/// Each answer to a read becomes its error, in both forms that a unit can say it in.
inline void expect_errors(device::BlockDevice& disk, ScsiUnits& units, std::span<const ScsiError> errors) {
    DiskMemory memory;
    auto piece = memory.piece(0, 4096);
    for (bool descriptors : {false, true})
        for (auto [answer, error] : errors) {
            answer.descriptors = descriptors;
            units.answers = {answer};
            EXPECT_EQ(disk.read(0, {&piece, 1}).error(), error) << answer.adapter << " " << int{answer.key};
        }
}

/// A read is tried again after each of these, but not for ever; and no slot is lost by that.
inline void expect_retries(device::BlockDevice& disk, ScsiUnits& units, std::span<const ScsiUnits::Answer> answers) {
    DiskMemory memory;
    auto piece = memory.piece(0, 4096);
    for (auto& again : answers) {
        units.answers = {again, again};
        EXPECT_TRUE(disk.read(0, {&piece, 1}));
        units.answers = {again, again, again, again, again, again};
        EXPECT_EQ(disk.read(0, {&piece, 1}).error(), Error::io);
    }
    for (u32 i = 0; i < 100; ++i) ASSERT_TRUE(disk.read(0, {&piece, 1})) << i;
}

/// Within simulate(): more threads than there are slots wait for the disk while it is ended.
inline void expect_ends(device::BlockDevice& disk, std::function<void()> end) {
    Join join;
    for (u32 i = 0; i < drivers::RequestSlots::most + 3; ++i)
        spawn(join, [&disk] {
            DiskMemory memory;
            auto piece = memory.piece(0, 512);
            EXPECT_EQ(disk.read(0, {&piece, 1}).error(), Error::io);
        });
    spawn(join, std::move(end));
    join.wait();
}

}  // namespace spore::fakes
