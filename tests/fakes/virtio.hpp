// The other side of virtio: a device that reads and writes rings as virtio 1.2 says, for tests of drivers. What a test wants to do wrong it
// does through ring().
#pragma once

#include <algorithm>
#include <cstring>
#include <map>
#include <optional>
#include <vector>

#include "arch/mmu.hpp"
#include "kernel/drivers/virtio/device.hpp"

namespace spore::fakes {

using Bytes = std::vector<u8>;

/// One queue from the device's side.
class VirtioRing {
public:
    void install(u16 queue_size, PhysAddr d, PhysAddr a, PhysAddr u, bool with_event_index) {
        size = queue_size;
        descriptors = static_cast<wire::virtio::Descriptor*>(arch::direct(d));
        available = static_cast<u16*>(arch::direct(a));
        used = static_cast<u16*>(arch::direct(u));
        event_index = with_event_index;
    }
    bool has_chain() const { return size && available[1] != seen; }
    u16 offered() const { return static_cast<u16>(available[1] - seen); }
    struct Chain {
        u16 head;
        std::vector<std::span<u8>> readable, writable;
    };
    /// The next chain that the driver offered.
    std::optional<Chain> take() {
        if (!has_chain()) return std::nullopt;
        Chain chain{available[2 + seen++ % size], {}, {}};
        for (u16 at = chain.head;; at = descriptors[at].next) {
            auto& d = descriptors[at];
            std::span bytes(static_cast<u8*>(arch::direct({d.address})), d.size);
            (d.flags & wire::virtio::descriptor_write ? chain.writable : chain.readable).push_back(bytes);
            if (!(d.flags & wire::virtio::descriptor_next)) break;
        }
        if (event_index) available_event() = seen;  // tell me of the next
        return chain;
    }
    /// Says that the device is done with a chain, shown by publish().
    void put(u32 head, u32 written) { elements()[pending++ % size] = {head, written}; }
    void publish() { used[1] = pending; }
    /// Whether the driver wants to be interrupted for what was published since the last time.
    bool wants_interrupt() {
        u16 now = used[1], before = interrupted_at;
        interrupted_at = now;
        if (now == before) return false;
        if (!event_index) return !(available[0] & wire::virtio::available_no_interrupt);
        u16 event = available[2 + size];
        return static_cast<u16>(now - event - 1) < static_cast<u16>(now - before);
    }
    wire::virtio::UsedElement* elements() { return reinterpret_cast<wire::virtio::UsedElement*>(used + 2); }
    u16& available_event() { return used[2 + 4 * size]; }

    u16 size = 0, seen = 0, pending = 0, interrupted_at = 0;
    bool event_index = false;
    wire::virtio::Descriptor* descriptors = nullptr;
    u16* available = nullptr;
    u16* used = nullptr;
};

class VirtioDevice : public drivers::virtio::Device {
public:
    explicit VirtioDevice(wire::virtio::DeviceId kind) : id_(kind) {}

    wire::virtio::DeviceId id() const override { return id_; }
    bool legacy() const override { return old; }
    bool fixed_queue_sizes() const override { return old; }
    u64 offered_features() override { return features; }
    void accept_features(u64 accepted_features) override { accepted = accepted_features; }
    u8 status() override { return refuses ? static_cast<u8>(status_ & ~wire::virtio::features_ok) : status_; }
    void set_status(u8 status) override { status_ = status; }
    u16 queue_limit(u16 index) override { return index < queues ? limit : u16{0}; }
    void install_queue(u16 index, u16 size, PhysAddr d, PhysAddr a, PhysAddr u) override {
        rings[index].install(size, d, a, u, accepted & wire::virtio::feature_event_index);
    }
    void notify(u16 queue) override {
        ++notifications;
        if (on_notify) on_notify(*this, queue);
    }
    Result<void> connect_interrupt(arch::InterruptHandler handler, void* context) override {
        shared = {handler, context};
        return {};
    }
    Result<void> connect_queues(std::span<const u16> which, u32 cpu, arch::InterruptHandler handler, void* context) override {
        if (!has_messages) return fail(Error::not_supported);
        if (messages.size() / 2 == message_limit) return fail(Error::busy);
        for (u16 queue : which) messages[queue] = {handler, context};
        return {};
    }
    Result<void> connect_config_interrupt(arch::InterruptHandler handler, void* context) override {
        config_change = {handler, context};
        return {};
    }
    u8 config_byte(u32 offset) override { return offset < config.size() ? config[offset] : u8{0}; }

    /// Shows what the device has finished and interrupts, if the driver wants that. Whether it did.
    bool publish(u16 queue) {
        rings[queue].publish();
        if (!rings[queue].wants_interrupt()) return false;
        interrupt(queue);
        return true;
    }
    void interrupt(u16 queue) {
        auto& target = messages.count(queue) ? messages[queue] : shared;
        if (target.handler) target.handler(target.context);
    }

    u64 features = wire::virtio::feature_version_1;
    u64 accepted = 0;
    bool refuses = false, old = false, has_messages = false;
    u16 queues = 1, limit = 8;
    std::size_t message_limit = ~std::size_t{0};  ///< vectors for pairs of queues
    unsigned notifications = 0;
    Bytes config;
    std::map<u16, VirtioRing> rings;
    void (*on_notify)(VirtioDevice&, u16 queue) = nullptr;
    struct Target {
        arch::InterruptHandler handler = nullptr;
        void* context = nullptr;
    };
    Target shared, config_change;
    std::map<u16, Target> messages;

private:
    wire::virtio::DeviceId id_;
    u8 status_ = 0;
};

}  // namespace spore::fakes
