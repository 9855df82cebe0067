#include "tests/fakes/hyperv_storage.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <ranges>

namespace spore::fakes {

using namespace wire::hyperv;

HypervStorage::HypervStorage(Guid interface, Guid instance) : host(HypervHost::start()) { host.offer(interface, channel, instance); }

void HypervStorage::complete(u64 transaction, u8 outcome, u8 status) {
    StoragePacket told{.operation = StorageOperation::completion};
    told.request.outcome = outcome, told.request.scsi_status = status;
    EXPECT_TRUE(end()->complete(transaction, bytes_of(told)));
}

void HypervStorage::say(StorageOperation operation) {
    EXPECT_TRUE(end()->put({.kind = PacketKind::in_band, .data = ChannelEnd::copy_of(bytes_of(StoragePacket{.operation = operation}))}));
}

/// What is taken is room for the driver, unless the host lags.
std::optional<ChannelEnd::Packet> HypervStorage::take() {
    u32& out = end()->theirs().out;
    u32 before = std::exchange(out, taken_);
    auto packet = end()->take();
    taken_ = out;
    if (lags) out = before;
    return packet;
}

void HypervStorage::work() {
    end()->keeps_quiet = quiet;
    std::vector<ChannelEnd::Packet> packets;
    std::set<u64> transactions;
    while (has_work()) {
        auto packet = take();
        if (!packet) return;
        EXPECT_TRUE(transactions.insert(packet->transaction).second || !honest) << "two of one number";
        packets.push_back(std::move(*packet));
    }
    for (auto& packet : packets | std::views::reverse) answer(packet);
}

void HypervStorage::answer(const ChannelEnd::Packet& packet) {
    EXPECT_EQ(packet.flags, wants_completion);
    ASSERT_EQ(packet.data.size(), sizeof(StoragePacket));
    StoragePacket asked, told{.operation = StorageOperation::completion};
    std::memcpy(&asked, packet.data.data(), sizeof asked);
    EXPECT_EQ(asked.flags, storage_wants_completion);
    EXPECT_EQ(asked.status, 0u);
    heard.push_back(asked.operation);
    if (asked.operation == ignored) return;
    if (asked.operation == StorageOperation::execute) {
        execute(packet, asked, told);
    } else {
        EXPECT_EQ(packet.kind, PacketKind::in_band);
        negotiate(asked, told);
    }
    EXPECT_TRUE(end()->complete(packet.transaction, bytes_of(told)) || !honest);
}

void HypervStorage::expect_in_order(StorageOperation operation) const {
    EXPECT_FALSE(is_over_) << "it was refused";
    switch (operation) {
    case StorageOperation::begin_initialization: EXPECT_EQ(agreed_, StorageOperation{}); break;
    case StorageOperation::query_version: EXPECT_EQ(agreed_, StorageOperation::begin_initialization); break;
    case StorageOperation::query_properties: EXPECT_EQ(agreed_, StorageOperation::query_version); break;
    case StorageOperation::end_initialization: EXPECT_EQ(agreed_, StorageOperation::query_properties); break;
    default: ADD_FAILURE() << "an operation that is none: " << static_cast<u32>(operation);
    }
}

void HypervStorage::negotiate(const StoragePacket& asked, StoragePacket& told) {
    expect_in_order(asked.operation);
    if (asked.operation == StorageOperation::query_version) told.version = asked.version;
    if (asked.operation == StorageOperation::query_properties) told.properties = {.most_subchannels = 4, .flags = 1, .most_bytes = most_bytes};
    bool is_unknown = asked.operation == StorageOperation::query_version && !std::ranges::contains(versions, asked.version);
    if (is_unknown || asked.operation == refused) {
        told.status = 0xc0000059;
        is_over_ = !is_unknown;
    } else {
        agreed_ = asked.operation;
    }
}

void HypervStorage::execute(const ChannelEnd::Packet& packet, const StoragePacket& asked, StoragePacket& told) {
    EXPECT_EQ(agreed_, StorageOperation::end_initialization);
    auto& request = asked.request;
    auto command = static_cast<wire::scsi::Operation>(request.command_or_sense[0]);
    bool writes = takes_data(request.command_or_sense);
    EXPECT_EQ(request.size, sizeof request);
    EXPECT_EQ(request.path, path);
    EXPECT_EQ(request.sense_size, storage_sense_size);
    EXPECT_TRUE(request.command_size == 6 || request.command_size == 10 || request.command_size == 12 || request.command_size == 16);
    EXPECT_NE(request.seconds, 0u);
    Data data;
    if (packet.kind == PacketKind::direct) {
        DirectHead head;
        std::memcpy(&head, packet.head.data(), sizeof head);
        EXPECT_EQ(head.ranges, 1u) << "it takes one range";
        data = ChannelEnd::memory_of(packet);
        EXPECT_EQ(request.data, writes ? StorageData::to_device : StorageData::to_host);
        EXPECT_EQ(request.flags & (storage_flag_to_device | storage_flag_to_host), writes ? storage_flag_to_device : storage_flag_to_host);
    } else {
        EXPECT_EQ(packet.kind, PacketKind::in_band);
        EXPECT_EQ(request.data, StorageData::none);
        EXPECT_EQ(request.flags & (storage_flag_to_device | storage_flag_to_host), 0u);
    }
    u32 bytes = 0;
    for (auto part : data) bytes += static_cast<u32>(part.size());
    EXPECT_EQ(request.data_bytes, bytes);
    EXPECT_LE(bytes, std::max<u32>(most_bytes, page_size));
    largest = std::max(largest, bytes);

    auto& outcome = told.request;
    outcome.size = sizeof outcome, outcome.command_size = 16, outcome.sense_size = storage_sense_size;
    using enum StorageOutcome;
    // Of a unit that is not there only the list of units is told, and that it has none.
    if (!has_targets || (command != wire::scsi::Operation::report_luns && !units.contains({request.target, request.lun}))) {
        outcome.outcome = static_cast<u8>(has_targets ? invalid_lun : invalid_target), outcome.scsi_status = static_cast<u8>(wire::scsi::Status::check_condition);
        return;
    }
    u8 sense[storage_sense_size]{};
    auto answer = carry_out(request.target, request.lun, request.command_or_sense, data, data, sense);
    outcome.scsi_status = answer.status;
    bool speaks = answer.status == static_cast<u8>(wire::scsi::Status::check_condition);
    if (answer.adapter) outcome.outcome = static_cast<u8>(answer.adapter);
    else if (speaks) outcome.outcome = static_cast<u8>(error) | storage_sense_valid;
    else outcome.outcome = static_cast<u8>(answer.status ? error : success);
    if (outcome.outcome & storage_sense_valid) std::ranges::copy(sense, outcome.command_or_sense);
    bool transfers = writes || command == wire::scsi::Operation::read;
    // Answers to questions are shorter than the room for them.
    outcome.data_bytes = answer.status || answer.adapter ? 0 : transfers ? bytes - short_by : bytes / 2;
}

}  // namespace spore::fakes
