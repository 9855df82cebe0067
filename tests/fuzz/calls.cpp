// The system calls, from the table that programs enter by: bytes become calls with arguments of the right kind, mostly, made by a process and what it forks.
// Whatever comes, nothing may be read or written beside its bounds, every call has to come back, and when all processes have ended nothing is kept.
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <optional>
#include <string_view>

#include "arch/user_memory.hpp"
#include "kernel/linux/dispatch.hpp"
#include "kernel/linux/uapi/open.hpp"
#include "kernel/linux/uapi/socket.hpp"
#include "kernel/linux/uapi/types.hpp"
#include "kernel/memory/fault_injection.hpp"
#include "tests/fakes/cpu.hpp"
#include "tests/fakes/linux/machine.hpp"
#include "tests/fuzz/programs.hpp"

using namespace spore;
using namespace spore::linux;
using fuzz::Input;
using fuzz::must;

namespace {

constexpr u64 number_limit = 512;

u64 number_of(std::string_view name) {
    for (u64 number = 0; number < number_limit; ++number)
        if (auto info = find_call(number); info && info->name == name) return number;
    std::abort();
}
/// The call with this number, or the next one that there is: an input means the same when calls are added.
CallInfo call_at(u64 number) {
    while (true)
        if (auto info = find_call(number++ % number_limit)) return *info;
}

/// Objects that calls want to be given, in the first pages of the program's memory. Calls change them.
class Things {
public:
    void fill() {
        at_ = fakes::program_area;
        places_.clear();
        u64 data = buffer().value;
        auto pieces = put(std::array<u64, 8>{data, 1, data + 100, 100, data + 4096, 4096, data + 5, 10'000});
        put(std::array<u64, 6>{data, 0, 1, 8, data + 8192, 64});
        auto path_name = put_address({"\1\0name", 7});
        auto abstract = put_address({"\1\0\0name", 8});
        put_address({"\2\0\x10\0\x7f\0\0\1\0\0\0\0\0\0\0\0", 16});  // 127.0.0.1:4096
        put_address({"\2\0\x10\0\0\0\0\0\0\0\0\0\0\0\0\0", 16});
        put_address({"\x0a\0\x10\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\0", 28});  // [::1]:4096
        put_address({"\x10\0\0\0\0\0\0\0\0\0\0\0", 12});                                       // netlink
        put_address({"\x11\0\0\3\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20});                       // packets of interface 1
        put_address({"\2\0\0\0\xe0\0\0\5\0\0\0\0\0\0\0\0", 16});
        put(std::array<u32, 4>{0xe0000005, 0, 1, 0});  // a membership
        put(Timespec{0, 1000});
        put(Timespec{1, 0});
        put(IntervalTimespec{{0, 1'000'000}, {0, 1000}});
        put(IntervalTimeval{{0, 1000}, {0, 1}});
        put(EpollEvent{0x8000'2005, 7});
        put(EpollEvent{0x5, 8});
        put(std::array<PollDescriptor, 4>{PollDescriptor{3, 0xffff, 0}, {4, 5, 0}, {5, 1, 0}, {-1, 1, 0}});
        put(~u64{0});
        put(u64{0});
        put(u32{16});
        put(u32{128});
        put(u64{100});
        auto rights = put_control(1, control_rights, std::array<i32, 2>{3, 4});
        put(MessageHeader{.name = abstract.value, .name_size = 8, .pieces = pieces.value, .piece_count = 2, .control = rights.value, .control_size = 24});
        put(MessageHeader{.name = path_name.value, .name_size = 110, .pieces = pieces.value, .piece_count = 4, .control = data, .control_size = 200});
        put(MessageHeader{.pieces = pieces.value, .piece_count = 1});
        MessageAndSize several[2] = {};
        several[0].header = several[1].header = {.pieces = pieces.value, .piece_count = 1};
        put(std::to_array(several));
        put(SignalAction{.handler = 0x1000'0100, .flags = sa_restart | sa_siginfo, .restorer = 0x1000'0200, .mask = {}});
        put(SignalAction{.handler = 1});
        put(SignalEvent{.value = 5, .signal = sigusr1, .notify = 0});
        put(std::array<u64, 2>{0, ~u64{0}});
        put(CloneArguments{.exit_signal = sigchld});
        put(OpenHow{.flags = o_read_write | o_create, .mode = 0600, .resolve = 8});
        strings_ = put(std::array<u64, 2>{pieces.value, 0});
        next_slot_ = 0;
    }
    static constexpr VirtAddr buffer() { return fakes::program_area + 16 * page_size; }
    VirtAddr at(u64 which) const { return places_.empty() ? buffer() : places_[which % places_.size()]; }
    /// Bytes of its own for one argument.
    VirtAddr slot(ByteSpan bytes) {
        VirtAddr at = fakes::program_area + 4 * page_size + next_slot_++ % 64 * 512;
        (void)arch::copy_to_program(at, bytes.data(), bytes.size());
        return at;
    }

private:
    VirtAddr put_bytes(const void* from, std::size_t size) {
        (void)arch::copy_to_program(at_, from, size);
        VirtAddr here = at_;
        places_.push_back(here);
        at_ = at_ + align_up(size, 16);
        return here;
    }
    template <typename T>
    VirtAddr put(const T& thing) { return put_bytes(&thing, sizeof thing); }
    VirtAddr put_address(std::string_view bytes) { return put_bytes(bytes.data(), bytes.size()); }
    template <typename T>
    VirtAddr put_control(i32 level, i32 type, const T& body) {
        std::byte bytes[sizeof(ControlHeader) + sizeof body];
        ControlHeader header{sizeof bytes, level, type};
        std::memcpy(bytes, &header, sizeof header);
        std::memcpy(bytes + sizeof header, &body, sizeof body);
        return put_bytes(bytes, sizeof bytes);
    }

    VirtAddr at_{}, strings_{};
    std::vector<VirtAddr> places_;
    u64 next_slot_ = 0;
};

constexpr std::string_view paths[] = {
    "a", "b", "d", "d/a", "d/b", ".", "..", "/", "/tmp", "/tmp/x", "l", "d/l", "name", "a/b", "", "/proc/self/fd/3", "/proc/self/maps", "/proc/self/stat", "/proc/self/status",
    "/proc/self/mounts", "/proc/net/tcp", "/proc/net/unix", "/proc/1/status", "/proc/self/cmdline", "/proc/self/mem", "/proc/self/root/tmp", "/proc/self/cwd/a", "/proc/self/fdinfo/3",
    "/proc/sys/kernel/hostname", "/proc/sys/net/ipv4/ip_local_port_range", "/proc/self/task", "/proc/self/exe", "/proc", "/proc/self/oom_score_adj", "/proc/meminfo", "/proc/net/dev", "/sys", "/sys/class/net/lo",
    "/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/ptmx", "/dev/pts/0", "/dev/tty", "/dev", "user.x", "user.y", "trusted.x", "lo",
};

/// What makes one of each kind of file, so that few bytes lead far.
struct Beginning {
    const char* call;
    u64 arguments[4];
    i32 thing = -1, thing_at = 1;
};
constexpr u64 v4 = family_inet, v6 = family_inet6;
constexpr std::array beginnings = {
    Beginning{"eventfd2", {1, 04000}}, Beginning{"epoll_create1", {0}}, Beginning{"timerfd_create", {1, 04000}}, Beginning{"inotify_init1", {04000}},
    Beginning{"socket", {v4, socket_stream, 0}}, Beginning{"socket", {v6, socket_stream, 0}}, Beginning{"socket", {v4, socket_datagram, 0}},
    Beginning{"socket", {v6, socket_datagram, 0}}, Beginning{"socket", {v4, socket_raw, 1}}, Beginning{"socket", {v6, socket_raw, 58}},
    Beginning{"socket", {family_packet, socket_datagram, 0x300}}, Beginning{"socket", {family_netlink, socket_raw, 0}},
    Beginning{"socket", {family_unix, socket_stream, 0}}, Beginning{"socket", {family_unix, socket_datagram, 0}}, Beginning{"socket", {family_unix, socket_messages, 0}},
    Beginning{"socket", {v4, socket_datagram, 1}},
};

class Player {
public:
    explicit Player(Input& input) : in_(input) {}

    void begin(Task& task) {
        things_.fill();
        u8 which = in_.byte();
        if (which & 1) make_pairs(task);
        if (which & 2) make_tcp(task);
        for (unsigned i = 0; i < 4; ++i)
            if (which & 4 << i) make_one(task, beginnings[i * 4 + in_.byte() % 4]);
        if (which & 0x40) make_files(task);
        if (which & 0x80) make_shared_memory(task);
    }
    void play(Task& task) {
        while (!in_.empty() && steps_++ < 200) step(task);
    }

private:
    i64 call(Task& task, const char* name, u64 a = 0, u64 b = 0, u64 c = 0, u64 d = 0, u64 e = 0, u64 f = 0) {
        return fakes::system_call(task, number_of(name), {a, b, c, d, e, f});
    }
    VirtAddr text(std::string_view path) {
        std::byte bytes[256] = {};
        std::ranges::copy(std::as_bytes(std::span(path.substr(0, sizeof bytes - 1))), bytes);
        return things_.slot({bytes, std::min(path.size() + 1, sizeof bytes)});
    }
    void make_pairs(Task& task) {
        u64 two = things_.slot({}).value;
        (void)call(task, "pipe2", two, 04000);
        (void)call(task, "socketpair", family_unix, socket_stream, 0, two);
        (void)call(task, "socketpair", family_unix, socket_datagram, 0, two);
    }
    void make_tcp(Task& task) {
        bool is_v6 = in_.byte() & 1;
        u64 address = things_.at(is_v6 ? 6 : 4).value, size = is_v6 ? 28 : 16;
        auto listener = static_cast<u64>(call(task, "socket", is_v6 ? v6 : v4, socket_stream, 0));
        (void)call(task, "bind", listener, address, size);
        (void)call(task, "listen", listener, 2);
        auto client = static_cast<u64>(call(task, "socket", is_v6 ? v6 : v4, socket_stream, 0));
        (void)call(task, "connect", client, address, size);
        (void)call(task, "accept4", listener, 0, 0, 04000);
    }
    /// A ring whose submissions are the input's, mapped so that calls and stores meet its words.
    void make_ring(Task& task) {
        std::byte parameters[120] = {};
        constexpr u32 setups[] = {0, 0x40, 0x80 | 0x800, 0x1000 | 0x2000, 0x8, 2, 0x10000, 0x400};
        u32 setup = setups[in_.byte() % std::size(setups)], completions = 4;
        std::memcpy(parameters + 4, &completions, sizeof completions);
        std::memcpy(parameters + 8, &setup, sizeof setup);
        i64 ring = call(task, "io_uring_setup", 4, things_.slot({parameters, sizeof parameters}).value);
        if (ring < 0) return;
        i64 words = call(task, "mmap", 0, 4096, 3, 1, static_cast<u64>(ring), 0);
        i64 entries = call(task, "mmap", 0, 4096, 3, 1, static_cast<u64>(ring), 0x1000'0000);
        remember(words), remember(entries);
        constexpr u64 at_tail = 64, at_array = 384 + 4 * 16;
        for (u32 round = 0; round < 8 && !in_.empty(); ++round) {
            for (u32 i = 0; i < 4; ++i) {
                std::byte entry[64] = {};
                entry[0] = static_cast<std::byte>(in_.byte() % 60), entry[1] = static_cast<std::byte>(in_.byte());
                u16 priority = in_.byte() & 3;
                i32 file = static_cast<i32>(descriptor());
                u64 offset = in_.byte() & 1 ? address() : in_.byte() & 1 ? ~u64{0} : number(), at = address(), data = in_.byte() % 4;
                u32 size = static_cast<u32>(number()), more = in_.byte() & 1 ? static_cast<u32>(flags()) : 0;
                u16 group = in_.byte() % 3;
                i32 second = in_.byte() & 1 ? static_cast<i32>(descriptor()) : 0;
                std::memcpy(entry + 2, &priority, 2), std::memcpy(entry + 4, &file, 4), std::memcpy(entry + 8, &offset, 8), std::memcpy(entry + 16, &at, 8);
                std::memcpy(entry + 24, &size, 4), std::memcpy(entry + 28, &more, 4), std::memcpy(entry + 32, &data, 8), std::memcpy(entry + 40, &group, 2);
                std::memcpy(entry + 44, &second, 4);
                (void)arch::copy_to_program({static_cast<u64>(entries) + i * 64}, entry, sizeof entry);
                u32 index = in_.byte() % 5;
                (void)arch::copy_to_program({static_cast<u64>(words) + at_array + i * 4}, &index, 4);
            }
            u32 tail = 4 * (round + 1);
            (void)arch::copy_to_program({static_cast<u64>(words) + at_tail}, &tail, 4);
            (void)call(task, "io_uring_enter", static_cast<u64>(ring), in_.byte() % 5, 0, in_.byte() % 4);
            if (in_.byte() & 1) (void)call(task, "io_uring_register", static_cast<u64>(ring), in_.byte() % 27, address(), number());
            if (in_.byte() & 1) fakes::run_program(Duration::us(in_.byte() * 40));
        }
    }
    void make_one(Task& task, const Beginning& one) { (void)call(task, one.call, one.arguments[0], one.arguments[1], one.arguments[2]); }
    void make_files(Task& task) {
        (void)call(task, "mkdir", text("d").value, 0755);
        (void)call(task, "symlink", text("a").value, text("l").value);
        auto file = static_cast<u64>(call(task, "open", text("a").value, o_read_write | o_create, 0644));
        (void)call(task, "write", file, Things::buffer().value, 10'000);
        (void)call(task, "open", text("d").value, o_directory, 0);
        (void)call(task, "open", text("/dev/ptmx").value, o_read_write, 0);
    }
    void make_shared_memory(Task& task) {
        auto file = static_cast<u64>(call(task, "memfd_create", text("m").value, 2));
        (void)call(task, "ftruncate", file, 40'000);
        remember(call(task, "mmap", 0, 40'000, 3, 1, file, 0));
        remember(call(task, "mmap", 0, 40'000, 3, 0x22, ~u64{0}, 0));
    }
    void remember(i64 mapped) {
        if (mapped > 0 || mapped < -4096) mapped_[mapped_count_++ % std::size(mapped_)] = static_cast<u64>(mapped);
    }

    void step(Task& task) {
        u8 what = in_.byte();
        if (what >= 250) return fakes::run_program(Duration::us(in_.byte() * 40));
        if (what >= 245) return touch();
        if (what >= 242) return make_ring(task);
        auto info = call_at(in_.half());
        constexpr std::string_view makers[] = {"fork", "vfork", "clone", "clone3"};
        if (std::ranges::contains(makers, info.name) && fakes::linux_tasks() > 6) return;
        u64 arguments[6] = {};
        for (unsigned i = 0; i < std::size(arguments); ++i) arguments[i] = argument(info.arguments[i]);
        if (what < 16) (void)memory::fail_allocation(what + 1u);
        i64 result = fakes::system_call(task, static_cast<u64>(info.number), arguments);
        (void)memory::fail_allocation(0);
        if (info.name == "mmap" || info.name == "mremap") remember(result);
    }
    /// The program's own loads and stores.
    void touch() {
        u64 at = address();
        u8 byte = in_.byte();
        if (byte & 1) (void)arch::copy_to_program({at}, &byte, 1);
        else (void)arch::copy_from_program(&byte, {at}, 1);
    }
    u64 argument(ArgumentKind kind) {
        switch (kind) {
        case ArgumentKind::nothing: return 0;
        case ArgumentKind::number:
        case ArgumentKind::long_number:
        case ArgumentKind::long_unsigned_number:
        case ArgumentKind::unsigned_number: return number();
        case ArgumentKind::descriptor: return descriptor();
        case ArgumentKind::directory: return in_.byte() & 1 ? static_cast<u64>(DirectoryDescriptor::current) : descriptor();
        case ArgumentKind::flags: return flags();
        case ArgumentKind::mode: return in_.half();
        case ArgumentKind::signal: return in_.byte() % 66u;
        case ArgumentKind::data:
        case ArgumentKind::buffer:
        case ArgumentKind::address: return address();
        case ArgumentKind::text: {
            u8 which = in_.byte();
            if (which < 250) return text(paths[which % std::size(paths)]).value;
            auto bytes = in_.bytes(which & 3 ? 16 : 255);
            return text({reinterpret_cast<const char*>(bytes.data()), bytes.size()}).value;
        }
        }
        return 0;
    }
    u64 quad() { return in_.word() | u64{in_.word()} << 32; }
    u64 number() {
        u8 how = in_.byte();
        if (how < 160) return how % 80u;
        constexpr u64 special[] = {~u64{0}, 4096, 4097, 8191, 65536, u64{1} << 20, 0x7fff'ffff, 0x8000'0000, 0xffff'ffff, u64{1} << 40, ~u64{0} >> 1, u64{1} << 63, 100, 512, 40'000, 1000};
        if (how < 220) return special[how % std::size(special)];
        return how < 240 ? in_.half() : how < 250 ? in_.word() : quad();
    }
    u64 descriptor() {
        u8 which = in_.byte();
        return which < 250 ? which % 25u : which < 253 ? ~u64{0} : in_.word();
    }
    u64 flags() {
        u8 how = in_.byte();
        if (how < 64) return 0;
        if (how < 128) return u64{1} << (how & 31);
        if (how < 192) return u64{1} << (how & 31) | u64{1} << (in_.byte() & 31);
        return how < 240 ? in_.half() : in_.word();
    }
    u64 address() {
        u8 how = in_.byte();
        if (how < 96) return things_.at(how).value;
        if (how < 144) {
            auto bytes = in_.bytes(how - 95);
            return things_.slot(std::as_bytes(std::span(bytes))).value;
        }
        if (how < 176) return (Things::buffer() + how % 40u * 1000).value;
        if (how < 208) return mapped_[how & 3] + (how >> 2 & 7) * page_size;
        if (how < 240) return 0;
        if (how < 248) return fakes::program_area.value + fakes::program_area_size - (how & 7);
        return how < 252 ? in_.word() : quad();
    }

    Input& in_;
    Things things_;
    u64 mapped_[4] = {};
    unsigned mapped_count_ = 0, steps_ = 0;
};

std::optional<Player> player;
bool begun = false;

void play(Task& task) {
    if (!begun) begun = true, player->begin(task);
    player->play(task);
}

void run(Input& input) {
    player.emplace(input);
    begun = false;
    (void)memory::fail_allocation(0);  // a call that did not return has left it
    fakes::run_linux(play);
    player.reset();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const u8* data, std::size_t size) {
    static bool once = [] {  // what is allocated once and kept
        fakes::start_linux(32_MiB);
        fuzz::show_calls_if_asked();
        constexpr u8 all_kinds[] = {0xff};
        Input nothing(all_kinds, sizeof all_kinds);
        run(nothing);
        return true;
    }();
    (void)once;
    fuzz::must_keep_nothing(data, size, run);
    return 0;
}
