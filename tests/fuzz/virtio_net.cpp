// A virtio-net card that does what the input says: returns buffers that it has or has not, at any length, moves indices, scribbles over rings and
// buffers, changes its configuration. The driver may stop it, but it must neither read nor write what is not its own, nor lose memory, and what
// it hands to the stack must be whole.
#include <algorithm>
#include <optional>

#include "tests/fakes/virtio_net.hpp"
#include "tests/fuzz/card.hpp"

using namespace spore;
using namespace spore::fakes;
using fuzz::Input;
using fuzz::must;

namespace {

/// Whole: every byte can be read, and the notes do not contradict the size.
void check(device::Packet& packet) {
    must(packet.size() >= 14 && packet.size() <= device::Packet::max_slices * page_size);
    must(packet.layer_offset(device::Layer::link) == 0);
    must(packet.segmentation == device::Segmentation::none ? packet.segments == 1 : packet.segment_size > 0 && packet.segments >= 1);
    for (auto& slice : packet.slices()) must(slice.size > 0 && slice.offset + slice.size <= page_size && slice.frame.get()->references == 1);
    (void)bytes_of_packet(packet);
}

class Scene {
public:
    explicit Scene(Input& input) : input_(input) {
        auto own = std::make_unique<VirtioNetCard>();
        card_ = own.get();
        u8 shape = input.byte();
        if (shape & 1) card_->features &= ~wire::virtio_net::merged_buffers;
        if (shape & 2) card_->features &= ~wire::virtio::feature_event_index;
        if (shape & 4) card_->old = true;
        if (shape & 8) card_->limit = input.half();
        if (shape & 16) card_->has_messages = true;
        if (shape & 64) card_->features |= wire::virtio::feature_ring_packed;
        if (shape & 32) card_->features |= wire::virtio_net::multiqueue | wire::virtio_net::has_mtu;
        card_->answer = shape >> 7;
        driver_.emplace(Owned<drivers::virtio::Device>(own.release()));
        if (driver_->open()) driver_->start(sink_);
        else driver_.reset();
    }
    void run() {
        while (driver_ && !input_.empty()) step();
    }

private:
    VirtioRing& ring() { return card_->rings[input_.byte() % 3]; }
    /// What the driver's descriptor says, if that is memory at all: the card may have scribbled over it.
    std::optional<std::span<u8>> buffer(VirtioRing& ring) {
        if (!ring.size) return std::nullopt;
        auto& d = ring.descriptors[input_.byte() % ring.size];  // address and size lie in the same place in both kinds
        if (d.address < 1_MiB || d.address > 256_MiB - page_size || d.size > page_size) return std::nullopt;
        return std::span(static_cast<u8*>(arch::direct({d.address})), d.size);
    }
    void send() {
        auto packet = std::move(*device::Packet::create(input_.byte()));
        std::memset(packet->append(std::min<u32>(14 + input_.byte() % 100, packet->tailroom())).data(), 0, packet->head().size());
        for (u32 slices = input_.byte() % 20; slices; --slices) (void)packet->add({memory::FrameRef::adopt(*memory::allocate_frames()), 0, 1000});
        device::PacketList list;
        list.push_back(std::move(packet));
        driver_->transmit(list);
        must(list.empty());
    }
    void look() {
        device::run_scheduled_jobs();
        for (auto* packet = sink_.packets.first(); packet; packet = packet->next) check(*packet);
        if (sink_.packets.count() > 100) sink_.packets.clear();
    }
    void step() {
        switch (input_.byte() % 14) {
        case 0: case 1: {  // an honest frame
            if (scribbled_) break;
            Bytes frame(14 + input_.half() % 9000);
            (void)card_->receive(frame);
            break;
        }
        case 2: {  // one whose header is not
            if (scribbled_) break;
            VirtioNetCard::Header header;
            for (auto& byte : std::as_writable_bytes(std::span(&header, 1))) byte = static_cast<std::byte>(input_.byte());
            (void)card_->receive(Bytes(14 + input_.half() % 9000), header);
            break;
        }
        case 3: if (auto& one = ring(); one.size) one.put(input_.half(), input_.word()); break;
        case 4: if (auto& one = ring(); one.size) one.put(input_.byte(), input_.byte()); break;
        case 5: if (auto& one = ring(); one.size) one.publish(); break;
        case 6:  // an index, or a descriptor's turn
            if (auto& one = ring(); one.size) {
                scribbled_ |= one.packed;
                (one.packed ? one.packed_descriptors[input_.byte() % one.size].flags : one.used[1]) = input_.half();
            }
            break;
        case 7: if (auto& one = ring(); one.size) one.used[input_.half() % (one.packed ? 2 : 3 + 4 * one.size)] = input_.half(); break;
        case 8:
            scribbled_ = true;
            if (auto& one = ring(); one.size) one.descriptors[input_.byte() % one.size] = {input_.word(), input_.word(), input_.half(), input_.half()};
            break;
        case 9:
            if (auto& one = ring(); auto bytes = buffer(one))
                if (!bytes->empty()) (*bytes)[input_.half() % bytes->size()] = input_.byte();
            break;
        case 10: card_->interrupt(input_.byte() % 3); break;
        case 11: send(); break;
        case 12:
            card_->config[6] = input_.byte();
            if (input_.byte() % 16 == 0) card_->set_status(card_->status() | wire::virtio::needs_reset);
            if (card_->config_change.handler) card_->config_change.handler(card_->config_change.context);
            break;
        case 13: {
            device::MacAddress groups[3] = {};
            driver_->set_multicast(std::span(groups).first(input_.byte() % 4));
            break;
        }
        }
        look();
    }

    Input& input_;
    bool scribbled_ = false;  ///< it cannot find the driver's buffers any more
    VirtioNetCard* card_ = nullptr;
    NetSink sink_;
    std::optional<drivers::VirtioNet> driver_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const u8* data, std::size_t size) {
    return fuzz::play<Scene>(data, size);
}
