#include "tests/fakes/pvscsi.hpp"

#include <gtest/gtest.h>

namespace spore::fakes {

using namespace wire::pvscsi;
using wire::scsi::Operation;
using wire::scsi::Status;

u32 PvscsiAdapter::read(u32 offset) {
    return offset == static_cast<u32>(Register::command_status) && refuses_rings ? command_failed : 0;
}

void PvscsiAdapter::write(u32 offset, u32 value) {
    switch (static_cast<Register>(offset)) {
    case Register::command: command_ = value, words_ = 0; break;
    case Register::command_data:
        EXPECT_EQ(command_, command_set_up_rings);
        ASSERT_LT(words_, sizeof(Rings) / 4);
        std::memcpy(reinterpret_cast<u8*>(&rings_) + 4 * words_++, &value, 4);
        break;
    default: break;
    }
}

void PvscsiAdapter::complete(u64 context, u16 host, u8 status) {
    auto* ring = static_cast<Completion*>(arch::direct({rings_.completion_page[0] << page_shift}));
    ring[state().completions_made % (page_size / sizeof(Completion))] = {.context = context, .data_size = 0, .sense_size = 0, .host_status = host, .scsi_status = status, .reserved = {}};
    state().completions_made = state().completions_made + 1;
}

void PvscsiAdapter::work() {
    EXPECT_EQ(words_, sizeof(Rings) / 4);
    auto* ring = static_cast<Request*>(arch::direct({rings_.request_page[0] << page_shift}));
    while (has_work()) {
        Request request = ring[state().requests_taken % (page_size / sizeof(Request))];
        state().requests_taken = state().requests_taken + 1;
        carry_out(request);
    }
    if (interrupts) interrupt();
}

void PvscsiAdapter::carry_out(const Request& request) {
    auto found = disks.find(request.target);
    if (found == disks.end()) return complete(request.context, host_no_target);
    auto& disk = found->second;
    auto operation = static_cast<Operation>(request.command[0]);
    seen.push_back(operation);
    bool write = operation == Operation::write;
    if ((write || operation == Operation::read) && !answers.empty()) {
        auto answer = answers.front();
        answers.pop_front();
        auto* sense = static_cast<u8*>(arch::direct({request.sense_address}));
        sense[0] = answer.descriptors ? 0x72 : 0x70;
        sense[answer.descriptors ? 1 : 2] = answer.key, sense[answer.descriptors ? 2 : 12] = answer.code;
        if (answer.host || answer.status) return complete(request.context, answer.host, answer.status);
    }
    std::vector<u8> told(64);
    u8* data = told.data();
    u64 size = request.data_size;
    switch (operation) {
    case Operation::inquiry: told[0] = disk.kind; break;
    case Operation::mode_sense: told[2] = disk.read_only ? wire::scsi::mode_write_protected : 0; break;
    case Operation::read_capacity:
        wire::scsi::put_big(&told[0], disk.bytes.size() / disk.block_size - 1, 8);
        wire::scsi::put_big(&told[8], disk.block_size, 4);
        break;
    case Operation::read:
    case Operation::write: {
        u64 at = wire::scsi::get_big(&request.command[2], 8) * disk.block_size;
        EXPECT_EQ(wire::scsi::get_big(&request.command[10], 4) * disk.block_size, size);
        ASSERT_LE(at + size, disk.bytes.size());
        data = &disk.bytes[at];
        EXPECT_EQ(request.flags & (flag_to_host | flag_to_device), write ? flag_to_device : flag_to_host);
        break;
    }
    case Operation::synchronize: EXPECT_EQ(request.flags, flag_no_data); break;
    default: ADD_FAILURE() << request.command[0];
    }
    auto move = [&](u64 address, u64 bytes) {
        auto* memory = arch::direct({address});
        if (write) std::memcpy(data, memory, bytes);
        else std::memcpy(memory, data, bytes);
        data += bytes;
    };
    if (!(request.flags & flag_list)) move(request.data_address, size);
    else
        for (auto* piece = static_cast<Piece*>(arch::direct({request.data_address})); size; size -= piece++->size) move(piece->address, piece->size);
    complete(request.context);
}

}  // namespace spore::fakes
