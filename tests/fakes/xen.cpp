#include "tests/fakes/xen.hpp"

#include <gtest/gtest.h>

#include "arch/boot.hpp"
#include "arch/mmu.hpp"
#include "arch/xen.hpp"
#include "kernel/core/panic_hook.hpp"
#include "kernel/drivers/xen/events.hpp"
#include "kernel/sync/wait_queue.hpp"
#include "kernel/time/timer.hpp"

namespace spore::fakes {

using namespace wire::xen;

namespace {
XenHost host;
constexpr u32 per_page = page_size / sizeof(Grant);
}  // namespace

void rest() {
    sync::Spin lock;
    sync::WaitQueue nobody;
    Guard guard(lock);
    (void)nobody.wait(lock, sync::Interruptible::no, time::now() + Duration::us(100));
}

/// What arch/xen.hpp's functions may touch.
struct XenCalls {
    static i64 call(Call number, u64 first, u64 second) {
        if (number != Call::events) return -38;
        if (first == events_allocate) {
            auto& asked = *reinterpret_cast<AllocateEvent*>(second);
            EXPECT_EQ(asked.remote, XenHost::domain);
            asked.port = host.next_port_++;
        }
        if (first == events_send)
            if (u32 port = *reinterpret_cast<u32*>(second); port != XenHost::store_port) {
                host.sent_.push_back(port);
                if (host.on_send) host.on_send(port);
            }
        return 0;
    }
    static void replace(PhysAddr frame, Space space, u64 index) {
        void* page = arch::direct(frame);
        if (space == Space::grant_table) host.grant_pages_[index] = static_cast<Grant*>(page);
        else host.shared_ = static_cast<SharedInfo*>(page);
    }
    static void connect(arch::InterruptHandler handler, void* context) { host.handler_ = handler, host.context_ = context; }
    static SharedInfo& shared() {
        static SharedInfo page;
        return host.shared_ ? *host.shared_ : page;
    }
};

XenHost& XenHost::get() { return host; }

XenHost& XenHost::start() {
    host = XenHost();
    drivers::xen::detail::grant_table = {};
    drivers::xen::detail::channels = {};
    XenCalls::shared() = {};
    EXPECT_TRUE(drivers::xen::start_events());
    return host;
}

std::byte* XenHost::granted(u32 grant, bool write) {
    auto found = grant_pages_.find(grant / per_page);
    if (found == grant_pages_.end()) return nullptr;
    auto& entry = found->second[grant % per_page];
    if (!(entry.flags & grant_access) || entry.domain != domain || (write && entry.flags & grant_read_only)) return nullptr;
    return static_cast<std::byte*>(arch::direct({u64{entry.frame} << page_shift}));
}

void XenHost::hold(u32 grant, bool held) {
    auto& flags = grant_pages_.at(grant / per_page)[grant % per_page].flags;
    flags = static_cast<u16>(held ? flags | 1 << 3 : flags & ~grant_in_use);
}

void XenHost::raise(u32 port) {
    auto& shared = XenCalls::shared();
    shared.pending[port / 64] |= u64{1} << port % 64;
    shared.processors[0].pending_words |= u64{1} << port / 64;
    shared.processors[0].upcall_pending = 1;
    handler_(context_);
    EXPECT_EQ(shared.pending[port / 64] >> port % 64 & 1, 0u);
    EXPECT_EQ(shared.processors[0].upcall_pending, 0);
}

std::string XenHost::answer(StoreCall call, const std::string& payload) {
    auto end = payload.find('\0');
    auto path = payload.substr(0, end);
    switch (call) {
    case StoreCall::read: return store.at(path);
    case StoreCall::list: {
        std::string names, before;
        path += '/';
        for (auto& [name, value] : store) {
            if (!name.starts_with(path)) continue;
            auto child = name.substr(path.size(), name.find('/', path.size()) - path.size());
            if (child != before) names += child + '\0';
            before = child;
        }
        if (names.empty()) throw std::out_of_range(path);
        return names;
    }
    case StoreCall::watch:
        watched_.push_back(path);
        return {"OK", 3};
    default:
        store[path] = payload.substr(end + 1);
        if (on_write) on_write(path, store[path]);
        return {"OK", 3};
    }
}

void XenHost::say(const std::string& bytes) {
    for (char byte : bytes) {
        for (int tries = 0; page.answer_producer - page.answer_consumer == store_ring && tries < 1000; ++tries) {
            raise(store_port);
            rest();
        }
        page.answers[page.answer_producer % store_ring] = static_cast<std::byte>(byte);
        ++page.answer_producer;
    }
}

void XenHost::answer_one() {
    auto take = [&](u32 size) {
        std::string bytes;
        for (; size; --size) bytes += static_cast<char>(page.requests[page.request_consumer++ % store_ring]);
        return bytes;
    };
    StoreHeader header;
    std::memcpy(&header, take(sizeof header).data(), sizeof header);
    auto payload = take(header.size);
    std::string text;
    try {
        text = answer(static_cast<StoreCall>(u32{header.call}), payload);
    } catch (const std::out_of_range&) {
        header.call = static_cast<u32>(StoreCall::error);
        text = {"ENOENT", 7};
    }
    header.size = static_cast<u32>(text.size());
    auto whole = std::string(reinterpret_cast<char*>(&header), sizeof header) + text;
    say(mistake ? mistake(header) : whole);
    auto path = payload.substr(0, payload.find('\0'));
    if (auto call = static_cast<StoreCall>(u32{header.call}); call == StoreCall::watch || call == StoreCall::write) tell_watchers(path);
}

void XenHost::tell_watchers(const std::string& path) {
    for (auto& watched : watched_) {
        if (path != watched && !path.starts_with(watched + "/")) continue;
        auto text = path + std::string("\0000", 3);
        StoreHeader header{};
        header.call = static_cast<u32>(StoreCall::changed), header.size = static_cast<u32>(text.size());
        say(std::string(reinterpret_cast<char*>(&header), sizeof header) + text);
    }
}

void XenHost::change(const std::string& path, const std::string& value) {
    store[path] = value;
    tell_watchers(path);
}

void XenHost::serve_store(const bool& done) {
    while (!done) {
        if (page.request_producer - page.request_consumer >= sizeof(StoreHeader)) answer_one();
        raise(store_port);
        rest();
    }
}

}  // namespace spore::fakes

namespace spore {
void core::set_panic_hook(PanicHook) {}
void arch::write_early_console(std::string_view) {}
}  // namespace spore

namespace spore::arch::xen {

using fakes::XenCalls;

bool present() { return true; }
i64 call(wire::xen::Call number, u64 first, u64 second, u64) { return XenCalls::call(number, first, second); }
Result<u64> parameter(wire::xen::Parameter which) { return which == wire::xen::Parameter::store_port ? fakes::XenHost::store_port : 7; }
wire::xen::SharedInfo& shared_info() { return XenCalls::shared(); }
Result<void> replace_frame(PhysAddr frame, wire::xen::Space space, u64 index) {
    XenCalls::replace(frame, space, index);
    return {};
}
Result<void*> map_frame(u64) { return &fakes::XenHost::get().page; }
Result<void> connect_events(InterruptHandler handler, void* context) {
    XenCalls::connect(handler, context);
    return {};
}
std::size_t write_console(std::string_view text) { return text.size(); }
std::size_t read_console(std::span<char>) { return 0; }
std::size_t console_input() { return 0; }
u32 console_port() { return 0; }
void shut_down(wire::xen::Shutdown) {}

}  // namespace spore::arch::xen
