// Another domain at the end of a network card's rings that does what the input says. The driver must neither read nor write what is not its own, nor lose
// memory, and what it hands to the stack must be whole.
#include "kernel/drivers/xen/net/receiver.hpp"
#include "kernel/drivers/xen/net/sender.hpp"
#include "tests/fakes/net_sink.hpp"
#include "tests/fakes/xen.hpp"
#include "tests/fuzz/input.hpp"

using namespace spore;
using namespace spore::drivers::xen;
using namespace spore::wire::xen;
using fakes::RingEnd;
using fakes::XenHost;
using fuzz::Input;
using fuzz::must;

namespace {

constexpr u32 port = 9;

void check(device::Packet& packet) {
    must(packet.size() >= 14 && packet.layer_offset(device::Layer::link) == 0);
    for (auto& slice : packet.slices()) must(slice.size > 0 && slice.offset + slice.size <= page_size && slice.frame.get()->references == 1);
    (void)fakes::bytes_of_packet(packet);
}

void send(Sender& sender, Input& input) {
    auto packet = std::move(*device::Packet::create(input.byte()));
    std::memset(packet->append(std::min<u32>(60, packet->tailroom())).data(), 0, packet->head().size());
    for (u32 slices = input.byte() % 20; slices; --slices) (void)packet->add({memory::FrameRef::adopt(*memory::allocate_frames()), 0, 1000});
    if (input.byte() & 1) packet->segmentation = device::Segmentation::tcp4, packet->segment_size = input.half();
    device::PacketList list;
    list.push_back(std::move(packet));
    sender.transmit(list);
    must(list.empty());
}

void play(Input& input) {
    Sender sender;
    Receiver receiver;
    must(sender.open(XenHost::domain) && receiver.open(XenHost::domain));
    sender.start(port);
    must(receiver.start(port).has_value());
    RingEnd<SendRequest, SendAnswer> send_end(sender.grant());
    RingEnd<ReceiveRequest, ReceiveAnswer> receive_end(receiver.grant());
    device::PacketList packets;
    while (!input.empty() && !sender.broken() && !receiver.broken()) {
        switch (input.byte() % 9) {
        case 0: send(sender, input); break;
        case 1:
            if (send_end.has_request()) send_end.put(SendAnswer{send_end.take().id, static_cast<i16>(input.byte())}), send_end.publish();
            break;
        case 2: send_end.put(SendAnswer{input.half(), static_cast<i16>(input.byte())}), send_end.publish(); break;
        case 3:
            if (!receive_end.has_request()) break;
            receive_end.put(ReceiveAnswer{receive_end.take().id, static_cast<u16>(input.byte() << 4), input.byte(), static_cast<i16>(input.half())});
            if (input.byte() & 1) receive_end.publish();
            break;
        case 4:
            ++receive_end.requests;
            receive_end.put(ExtraInfo{input.byte(), input.byte(), input.half(), input.byte(), 0, 0});
            receive_end.publish();
            break;
        case 5: receive_end.put(ReceiveAnswer{input.half(), input.half(), input.byte(), static_cast<i16>(input.half())}), receive_end.publish(); break;
        case 6: (input.byte() & 1 ? send_end.head() : receive_end.head()).answer_producer = input.half(); break;
        case 7: (input.byte() & 1 ? send_end.head() : receive_end.head()).request_event = input.half(); break;
        case 8: sender.untaken(); break;
        }
        sender.poll();
        receiver.poll(64, packets);
        for (auto* packet = packets.first(); packet; packet = packet->next) check(*packet);
        packets.clear();
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const u8* data, std::size_t size) {
    u64 free = memory::memory_use().free;
    XenHost::start();
    Input input(data, size);
    play(input);
    // The table itself is for ever, but here.
    for (u32 page = 0; page < drivers::xen::detail::grant_table.page_count; ++page) memory::release(memory::frame_of(arch::physical(drivers::xen::detail::grant_table.pages[page])));
    must(memory::memory_use().free == free);
    return 0;
}
