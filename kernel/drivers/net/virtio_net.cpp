#include "kernel/drivers/net/virtio_net.hpp"

#include <algorithm>

#include "arch/cpu.hpp"
#include "kernel/core/log.hpp"
#include "kernel/core/random.hpp"
#include "kernel/drivers/net/virtio_net_device.hpp"

namespace spore::drivers {

using namespace wire::virtio_net;
using wire::virtio::feature_any_layout;
using wire::virtio::feature_event_index;
using wire::virtio::feature_version_1;

namespace {

// Not wanted: indirect descriptors, which cost the device a look-up more and save only places in the ring; control over offloads.
constexpr u64 wanted_features = send_checksum | receive_checksum | has_mtu | has_mac | receive_tcp4 | receive_tcp6 | send_tcp4 | send_tcp6 |
                                send_udp | merged_buffers | has_status | control_queue | control_receive | multiqueue | feature_event_index |
                                feature_any_layout;
constexpr u32 link_header = 14;
constexpr u16 least_mtu = 68;  // [RFC 791]
/// Received packets may hold this part of all memory.
constexpr u64 memory_share = 64;
constexpr u16 most_pairs = 0x7fff;  // queues have 16-bit numbers, the control queue's the last

}  // namespace

VirtioNet::~VirtioNet() {
    device_->reset();
    delete[] pairs_;
}

Result<void> VirtioNet::open() {
    u64 wanted = wanted_features;
    // Joined segments need many buffers, and a buffer of ours is a frame.
    if (!(device_->offered_features() & merged_buffers)) wanted &= ~(receive_tcp4 | receive_tcp6);
    features_ = TRY(device_->negotiate(wanted));
    if (has(has_mac)) {
        for (u32 i = 0; i < mac_.bytes.size(); ++i) mac_.bytes[i] = device_->config_byte(config_mac + i);
    } else {
        core::fill_random(std::as_writable_bytes(std::span(mac_.bytes)));
        mac_.bytes[0] = static_cast<u8>((mac_.bytes[0] & 0xfe) | 2);  // to one, assigned here [ieee 802 8.2]
    }
    if (has(has_mtu)) mtu_ = std::max(device_->config<u16>(config_mtu), least_mtu);
    if (!has(merged_buffers)) mtu_ = std::min(mtu_, static_cast<u16>(page_size - sizeof(Header) - link_header));
    if (has(multiqueue) && has(control_queue)) max_pairs_ = std::clamp<u16>(device_->config<u16>(config_max_pairs), 1, most_pairs);
    net_features_.send_checksum = has(send_checksum);
    net_features_.receive_checksum = has(receive_checksum);
    if (has(send_checksum)) {
        net_features_.send_tcp4_segments = has(send_tcp4);
        net_features_.send_tcp6_segments = has(send_tcp6);
        net_features_.send_udp_segments = has(send_udp);
    }
    net_features_.max_send_size = link_header + 0xffff;
    read_link();
    return {};
}

void VirtioNet::start(device::NetSink& sink) {
    sink_ = &sink;
    if (!open_queues()) fail("does not start");
}

Result<void> VirtioNet::open_queues() {
    u32 header_size = has(feature_version_1) || has(merged_buffers) ? sizeof(Header) : short_header_size;
    auto wanted = static_cast<u16>(std::min<u32>(max_pairs_, arch::cpu_count()));
    pairs_ = new (std::nothrow) VirtioPair[wanted];
    if (!pairs_) return spore::fail(Error::no_memory);
    TRY(open_pair(0, header_size));
    const u16 first[] = {0, 1};
    if (device_->connect_queues(first, 0, VirtioPair::on_interrupt, &pairs_[0])) {
        for (; pair_count_ < wanted; ++pair_count_) {
            TRY(open_pair(pair_count_, header_size));
            const u16 queues[] = {static_cast<u16>(2 * pair_count_), static_cast<u16>(2 * pair_count_ + 1)};
            if (!device_->connect_queues(queues, pair_count_, VirtioPair::on_interrupt, &pairs_[pair_count_])) break;  // no more vectors
        }
    } else {
        TRY(device_->connect_interrupt(VirtioPair::on_interrupt, &pairs_[0]));
    }
    if (has(has_status)) TRY(device_->connect_config_interrupt(on_config, this));
    if (has(control_queue)) TRY(control_.open(*device_, static_cast<u16>(2 * max_pairs_), has(feature_event_index)));
    device_->go();
    for (u16 i = 0; i < pair_count_; ++i) TRY(pairs_[i].receiver.start());
    if (pair_count_ > 1) {
        le16 count;
        count = pair_count_;
        TRY(control_.post(wire::virtio_net::set_pairs, bytes_of(count)));
        if (!control_.finish()) pair_count_ = 1;  // which is what devices begin with
    }
    read_link();
    return {};
}

Result<void> VirtioNet::open_pair(u16 index, u32 header_size) {
    auto& pair = pairs_[index];
    pair.belong_to(*this);
    bool event_index = has(feature_event_index);
    auto limit = memory::memory_use().total / page_size / memory_share / std::max<u32>(1, std::min<u32>(max_pairs_, arch::cpu_count()));
    TRY(pair.receiver.open(*device_, static_cast<u16>(2 * index),
                           {.header_size = header_size, .merged = has(merged_buffers), .segmented = has(receive_tcp4 | receive_tcp6),
                            .event_index = event_index},
                           static_cast<u32>(limit)));
    return pair.sender.open(*device_, static_cast<u16>(2 * index + 1),
                            {.header_size = header_size, .any_layout = has(feature_version_1 | feature_any_layout), .event_index = event_index});
}

void VirtioNet::transmit(device::PacketList& packets) {
    if (failed() || !sink_) return packets.clear();
    auto& pair = pairs_[pair_count_ == 1 ? 0 : arch::cpu_id() % pair_count_];
    pair.sender.transmit(packets);
    if (auto* fault = pair.sender.fault()) [[unlikely]] return fail(fault);
    if (filter_.is_behind()) [[unlikely]] filter_.tell(control_);  // who joins a group reports it, more than once
}

u64 VirtioNet::untaken() {
    u64 sum = 0;
    for (u16 i = 0; sink_ && !failed() && i < pair_count_; ++i) sum += pairs_[i].sender.untaken();
    return sum;
}

void VirtioNet::fail(const char* how) {
    if (failed_.exchange(true, std::memory_order_acq_rel)) return;
    core::error("the virtio-net device {}: its interface is down", how);
    device_->reset();  // it no longer reads or writes what it was given
    for (u16 i = 0; pairs_ && i < pair_count_; ++i) pairs_[i].sender.close();
    sink_->link_changed(*this);
}

void VirtioNet::read_link() {
    if (has(has_status)) link_up_.store(device_->config<u16>(config_status) & status_link_up, std::memory_order_relaxed);
}

void VirtioNet::on_config(void* self) {
    auto& net = *static_cast<VirtioNet*>(self);
    if (net.failed()) return;
    if (net.device_->status() & wire::virtio::needs_reset) return net.fail("asks to be reset");
    bool before = net.link_up();
    net.read_link();
    if (net.link_up() != before) net.sink_->link_changed(net);
}

device::NetQueueCounters VirtioNet::counters(u16 index) const {
    if (!pairs_ || index >= pair_count_) return {};
    auto& pair = pairs_[index];
    return pair.receiver.counters.with_sent(pair.sender.counters, pair.interrupts_);
}

void VirtioNet::set_promiscuous(bool on) {
    if (!has(control_receive) || failed()) return;
    filter_.set_promiscuous(on);
    filter_.tell(control_);
}

void VirtioNet::set_multicast(std::span<const device::MacAddress> groups) {
    if (!has(control_receive) || failed()) return;
    filter_.set_groups(groups);
    filter_.tell(control_);
}

Result<void> attach_virtio_net(Owned<virtio::Device> device) {
    auto net = TRY(make_owned<VirtioNet>(std::move(device)));
    TRY(net->open());
    device::add_net_device(*net.release());  // lives as long as the machine
    return {};
}

}  // namespace spore::drivers
