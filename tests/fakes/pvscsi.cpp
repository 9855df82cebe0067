#include "tests/fakes/pvscsi.hpp"

#include <gtest/gtest.h>

#include <cstring>

namespace spore::fakes {

using namespace wire::pvscsi;

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
    if (!has_target(request.target)) return complete(request.context, host_no_target);
    Data data;
    auto add = [&](u64 address, u64 size) { data.emplace_back(static_cast<u8*>(arch::direct({address})), size); };
    if (!(request.flags & flag_list)) {
        if (request.data_size) add(request.data_address, request.data_size);
    } else {
        u64 size = request.data_size;
        for (auto* piece = static_cast<Piece*>(arch::direct({request.data_address})); size; size -= piece++->size) add(piece->address, piece->size);
    }
    EXPECT_EQ(request.flags & ~flag_list, data.empty() ? flag_no_data : takes_data(request.command) ? flag_to_device : flag_to_host);
    auto answer = ScsiUnits::carry_out(request.target, request.lun[1], request.command, data, data, {static_cast<u8*>(arch::direct({request.sense_address})), request.sense_size});
    complete(request.context, answer.adapter, answer.status);
}

}  // namespace spore::fakes
