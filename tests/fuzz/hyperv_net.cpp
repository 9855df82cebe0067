// A host at the end of a network card's channel that answers what the input says while the card is set up, and then does what the input says. The driver
// must neither read nor write what is not its own, nor lose memory, and what it hands to the stack must be whole.
#include <memory>
#include <optional>

#include "kernel/drivers/hyperv/net/device.hpp"
#include "tests/fakes/hyperv_net.hpp"
#include "tests/fuzz/card.hpp"

using namespace spore;
using namespace spore::fakes;
using namespace spore::wire::hyperv;
using fuzz::Input;
using fuzz::must;

namespace {

class Scene {
public:
    explicit Scene(Input& input) : input_(input) {
        u8 shape = input_.byte();
        if (shape & 1) host_.section_size = 1024 << (shape >> 1 & 3);
        if (shape & 8) host_.most_ranges = shape >> 4;
        if (shape >> 4 == 15) choose_answers();
        must(bus_->connect().has_value());
        driver_.emplace();
        if (driver_->open(*bus_, bus_->offers()[0])) driver_->start(sink_);
        else driver_.reset();
        host_.holds = true;
    }
    void run() {
        if (driver_) device::run_scheduled_jobs();
        while (driver_ && !input_.empty()) step();
    }

private:
    void choose_answers() {
        u8 step = input_.byte();
        host_.answers[static_cast<NetvscHost::Step>(step % 11)] = step & 0x80 ? NetvscHost::Answer::refused : NetvscHost::Answer::nonsense;
        host_.section_size = input_.word();
        host_.receive_section = std::max(input_.word(), 1u);
        host_.frame_size = input_.word();
        host_.connected = input_.byte();
        for (auto* one : {&host_.can.send4, &host_.can.receive4, &host_.can.send6, &host_.can.receive6}) one->what = input_.word();
        host_.can.largest4 = input_.word(), host_.can.largest6 = input_.word();
    }
    ChannelEnd& end() { return host_.end(); }
    Bytes words(u32 count) {
        Bytes bytes;
        for (; count; --count) {
            // Small numbers are what makes sense, mostly.
            u32 value = input_.byte() & 1 ? input_.word() : input_.half() % 2048;
            bytes.insert(bytes.end(), reinterpret_cast<u8*>(&value), reinterpret_cast<u8*>(&value) + 4);
        }
        return bytes;
    }
    /// A right message but for one word.
    Bytes message() {
        auto bytes = NetvscHost::message_of(Bytes(input_.half() % 6000, 0xff), input_.byte());
        if (input_.byte() & 1) {
            u32 value = input_.byte() & 1 ? input_.word() : input_.half() % 2048;
            std::memcpy(bytes.data() + input_.byte() % 11 * 4, &value, 4);
        }
        return bytes;
    }
    void send() {
        auto packet = std::move(*device::Packet::create(14 + input_.byte() % 100));
        std::memset(packet->append(74).data(), 0x50, 74);
        packet->pop(14), packet->mark(device::Layer::network);
        packet->pop(20), packet->mark(device::Layer::transport);
        packet->push(34);
        for (u32 slices = input_.byte() % 20; slices; --slices) (void)packet->add({memory::FrameRef::adopt(*memory::allocate_frames()), input_.byte(), 1000});
        u8 kind = input_.byte();
        if (kind & 1) packet->checksum = device::Checksum::partial, packet->checksum_offset = kind & 2 ? 16 : 6;
        if (kind & 4) {
            packet->checksum = device::Checksum::partial, packet->checksum_offset = 16;
            packet->segmentation = device::Segmentation::tcp4, packet->segment_size = input_.half();
        }
        device::PacketList list;
        list.push_back(std::move(packet));
        driver_->transmit(list);
        must(list.empty());
    }
    void step() {
        switch (input_.byte() % 12) {
        case 0:
        case 1: send(); break;
        case 2:
            while (auto packet = misplaced_ ? std::nullopt : end().take()) last_ = packet->transaction;
            break;
        case 3: {
            auto bytes = words(2);
            end().complete(last_, std::as_bytes(std::span(bytes)));
            break;
        }
        case 4: end().complete(input_.byte() & 1 ? input_.byte() % 66 : last_, bytes_of(NetPacketAnswer{NetKind::packet_answer, net_success})); break;
        case 5: (void)host_.deliver_message(message()); break;
        case 6: (void)host_.deliver_messages({message(), message(), message()}); break;
        case 7: (void)host_.deliver_message(words(input_.byte() % 20)); break;
        case 8: {
            ChannelEnd::Packet packet{.kind = static_cast<PacketKind>(input_.byte() % 16), .flags = input_.byte(), .transaction = input_.half(), .head = {}, .data = {}};
            packet.head = words(2 * (input_.byte() % 5));
            packet.data = words(input_.byte() % 9);
            end().put(packet);
            break;
        }
        case 9: {  // anywhere in the receive buffer
            Bytes bytes = words(1 + input_.byte() % 8);
            host_.receive_buffer().copy_in(input_.word() % (host_.receive_buffer().size() - 64), std::as_bytes(std::span(bytes)));
            break;
        }
        case 10: (input_.byte() & 1 ? end().ours().in : end().theirs().out) = input_.half(), misplaced_ = true; break;
        case 11: driver_->set_promiscuous(input_.byte() & 1); break;
        }
        if (input_.byte() & 1) end().raise();
        device::run_scheduled_jobs();
        (void)driver_->untaken();
        fuzz::check_received(sink_.packets, 14 + 0xffff);
    }

    Input& input_;
    NetvscHost host_;
    std::unique_ptr<drivers::hyperv::Bus> bus_ = std::make_unique<drivers::hyperv::Bus>();
    NetSink sink_;
    std::optional<drivers::hyperv::netvsc::Device> driver_;
    u64 last_ = 2;
    bool misplaced_ = false;  ///< a ring's positions mean nothing any more
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const u8* data, std::size_t size) {
    return fuzz::play<Scene>(data, size);
}
