// What fuzzers of network cards' drivers have in common.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/fakes/net_sink.hpp"
#include "tests/fuzz/input.hpp"

namespace spore::fuzz {

/// One input: all memory is back after it, and the card has seen its driver keep the rules.
template <typename Scene>
int play(const u8* data, std::size_t size) {
    u64 free = memory::memory_use().free;
    Input input(data, size);
    { Scene(input).run(); }
    must(memory::memory_use().free == free);
    must(!testing::UnitTest::GetInstance()->ad_hoc_test_result().Failed());
    return 0;
}

/// What a driver hands to the stack is whole: packets of at most `largest` bytes, whose memory is theirs alone.
inline void check_received(device::PacketList& packets, u32 largest) {
    for (auto* packet = packets.first(); packet; packet = packet->next) {
        must(packet->size() >= 14 && packet->size() <= largest);
        must(packet->layer_offset(device::Layer::link) == 0 && packet->head().size() >= 14);
        for (auto& slice : packet->slices()) must(slice.size > 0 && slice.offset + slice.size <= page_size && slice.frame.get()->references == 1);
        (void)fakes::bytes_of_packet(*packet);
    }
    if (packets.count() > 100) packets.clear();
}

/// Sends a packet whose head begins, and whose slices are as many, as the input says.
inline void send_any(Input& input, device::NetDevice& driver) {
    auto packet = std::move(*device::Packet::create(input.byte()));
    std::memset(packet->append(std::min<u32>(60, packet->tailroom())).data(), 0, packet->head().size());
    for (u32 slices = input.byte() % 20; slices; --slices) (void)packet->add({memory::FrameRef::adopt(*memory::allocate_frames()), 0, 1000});
    device::PacketList list;
    list.push_back(std::move(packet));
    driver.transmit(list);
    must(list.empty());
}

}  // namespace spore::fuzz
