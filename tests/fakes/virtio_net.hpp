// The other side of virtio-net: a network card that is made of rings.
#pragma once

#include "kernel/drivers/net/virtio_net_device.hpp"
#include "tests/fakes/net_sink.hpp"
#include "tests/fakes/virtio.hpp"
#include "wire/virtio_net.hpp"

namespace spore::fakes {

class VirtioNetCard final : public VirtioDevice {
public:
    using Header = wire::virtio_net::Header;

    VirtioNetCard() : VirtioDevice(wire::virtio::DeviceId::net) {
        namespace vn = wire::virtio_net;
        queues = 3;
        limit = 256;
        features |= vn::send_checksum | vn::receive_checksum | vn::has_mac | vn::receive_tcp4 | vn::receive_tcp6 | vn::send_tcp4 | vn::send_tcp6 |
                    vn::merged_buffers | vn::has_status | vn::control_queue | vn::control_receive | wire::virtio::feature_event_index;
        config = {0x52, 0x54, 0, 0x12, 0x34, 0x56, vn::status_link_up, 0, 1, 0, 0xdc, 5};
        on_notify = [](VirtioDevice& device, u16 queue) { static_cast<VirtioNetCard&>(device).notified(queue); };
    }

    /// What of a frame lies in each buffer; empty: as much as fits.
    using Split = std::vector<u32>;
    /// Writes a frame into posted buffers and says so; false when there are too few. Nothing is shown before publish().
    bool put_frame(const Bytes& frame, Header header = {}, const Split& split = {}, u16 queue = 0) {
        Bytes bytes(header_size());
        std::memcpy(bytes.data(), &header, bytes.size());
        bytes.insert(bytes.end(), frame.begin(), frame.end());
        std::vector<std::pair<u16, u32>> filled;
        u8* first = nullptr;
        for (std::size_t at = 0; at < bytes.size();) {
            auto chain = rings[queue].take();
            // A driver may be led to make nonsense of its ring by what the test put into it.
            if (!chain || chain->writable.empty() || chain->writable[0].size() < sizeof header) return false;
            if (!first) first = chain->writable[0].data();
            u32 room = static_cast<u32>(chain->writable[0].size());
            u32 size = static_cast<u32>(std::min<std::size_t>(filled.size() < split.size() ? split[filled.size()] : room, bytes.size() - at));
            std::memcpy(chain->writable[0].data(), bytes.data() + at, size);
            filled.emplace_back(chain->head, size);
            at += size;
        }
        if (!header.buffers && merges()) {  // the test leaves it to us
            header.buffers = static_cast<u16>(filled.size());
            std::memcpy(first, &header, sizeof header);
        }
        for (auto [head, written] : filled) rings[queue].put(head, written);
        return true;
    }
    /// A frame comes in: put, shown, and interrupted for if the driver wants that.
    bool receive(const Bytes& frame, Header header = {}, const Split& split = {}, u16 queue = 0) {
        return put_frame(frame, header, split, queue) && (publish(queue), true);
    }

    struct Sent {
        Header header;
        Bytes frame;
        u16 head;
        std::size_t pieces;
    };
    /// The next packet that the driver sent; it stays the device's until complete().
    std::optional<Sent> take_sent(u16 queue = 1) {
        auto chain = rings[queue].take();
        if (!chain) return std::nullopt;
        Bytes all;
        for (auto piece : chain->readable) all.insert(all.end(), piece.begin(), piece.end());
        Sent sent{{}, {}, chain->head, chain->readable.size()};
        std::memcpy(&sent.header, all.data(), header_size());
        sent.frame.assign(all.begin() + header_size(), all.end());
        return sent;
    }
    void complete(u16 head, u16 queue = 1) {
        rings[queue].put(head, 0);
        publish(queue);
    }
    void set_link(bool up) {
        config[wire::virtio_net::config_status] = up;
        if (config_change.handler) config_change.handler(config_change.context);
    }

    /// Commands as they came, and what is answered to them.
    struct Command {
        u8 kind, command;
        Bytes data;
        friend bool operator==(const Command&, const Command&) = default;
    };
    std::vector<Command> commands;
    u8 answer = wire::virtio_net::command_done;
    bool answers = true;
    /// Answers what has come meanwhile, too.
    void answer_again() {
        answers = true;
        notified(static_cast<u16>(queues - 1));
    }

private:
    bool merges() const { return accepted & wire::virtio_net::merged_buffers; }
    u32 header_size() const {
        return merges() || accepted & wire::virtio::feature_version_1 ? sizeof(Header) : wire::virtio_net::short_header_size;
    }
    void notified(u16 queue) {
        if (queue % 2 == 1 || queue + 1 != queues) return;
        while (auto chain = answers ? rings[queue].take() : std::nullopt) {
            Bytes all;
            for (auto piece : chain->readable) all.insert(all.end(), piece.begin(), piece.end());
            if (all.size() < 2 || chain->writable.empty() || chain->writable[0].empty()) continue;
            commands.push_back({all[0], all[1], Bytes(all.begin() + 2, all.end())});
            chain->writable[0][0] = answer;
            rings[queue].put(chain->head, 1);
            rings[queue].publish();
        }
    }
};

}  // namespace spore::fakes
