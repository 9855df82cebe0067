// Numbers, attributes, and the slave's side.
#include "kernel/linux/terminal/pseudoterminal.hpp"

#include "kernel/fs/special_file.hpp"
#include "kernel/linux/process/process.hpp"
#include "kernel/linux/process/tree.hpp"
#include "kernel/linux/signal/send.hpp"
#include "kernel/linux/terminal/requests.hpp"
#include "kernel/linux/terminal/terminal_file.hpp"

namespace spore::linux::terminal {

namespace {

/// Those whose master is open. Not owned: the master takes its own out.
struct Numbers {
    PseudoTerminal* of[PseudoTerminal::most] = {};
};
constinit Locked<Numbers, sync::Spin> numbers;

constexpr u32 slave_major = 136;  // [linux Documentation/admin-guide/devices.txt]
constexpr u32 terminal_group = 5;

}  // namespace

PseudoTerminal::PseudoTerminal(u32 uid) : Terminal({}) {
    auto now = fs::current_time();
    attributes_.unguarded() = {.type = fs::FileType::character, .permissions = 0620, .uid = uid, .gid = terminal_group, .accessed = now,
                               .modified = now, .changed = now, .created = now};
}
PseudoTerminal::~PseudoTerminal() = default;

u64 PseudoTerminal::device() const { return fs::device_number(slave_major, number_); }

Result<Shared<PseudoTerminal>> PseudoTerminal::create(u32 uid) {
    auto made = TRY(make_shared<PseudoTerminal>(uid));
    bool found = numbers.with([&](Numbers& n) {
        for (u32 number = 0; number < most; ++number) {
            if (n.of[number]) continue;
            n.of[number] = made.get();
            made->number_ = number;
            return true;
        }
        return false;
    });
    if (!found) return fail(Error::no_space);
    made->attributes_.with([&](fs::Stat& s) { s.special = made->device(); });
    return made;
}

Shared<PseudoTerminal> PseudoTerminal::find(u32 number) {
    if (number >= most) return {};
    return numbers.with([&](Numbers& n) -> Shared<PseudoTerminal> {
        if (!n.of[number] || !n.of[number]->try_retain()) return {};
        return Shared<PseudoTerminal>::adopt(n.of[number]);
    });
}

std::optional<u32> PseudoTerminal::next(u32 from) {
    return numbers.with([&](Numbers& n) -> std::optional<u32> {
        for (u32 number = from; number < most; ++number)
            if (n.of[number]) return number;
        return std::nullopt;
    });
}

fs::Stat PseudoTerminal::attributes() { return attributes_.with([](fs::Stat& s) { return s; }); }

void PseudoTerminal::change(const fs::AttributeChange& change) {
    auto now = fs::current_time();
    attributes_.with([&](fs::Stat& s) { change.apply(s, now); });
}

Result<Shared<fs::File>> PseudoTerminal::open_slave(fs::Dentry& entry, fs::OpenMode mode) {
    {
        Guard guard(queue_lock_);
        if (locked_ || !master_open_) return fail(Error::io);
    }
    auto file = TRY(make_shared<TerminalFile>(entry, Shared<Terminal>(*this), mode));
    if (!mode.no_terminal) take_when_opened(current_task().process());
    return file;
}

void PseudoTerminal::opened() {
    Guard guard(queue_lock_);
    ++slave_files_;
    slave_was_open_ = true;
}

void PseudoTerminal::closed() {
    {
        Guard guard(queue_lock_);
        if (--slave_files_ != 0) return;
        master_readers_.wake_all();
    }
    give_up();  // nobody of the session has it any more
    master_source.notify(fs::Ready::in | fs::Ready::hang_up);
}

Result<void> PseudoTerminal::put(ByteSpan bytes, Wait wait) {
    {
        Guard guard(queue_lock_);
        while (master_open_ && capacity - used_ < bytes.size()) {
            if (wait == Wait::no) return fail(Error::would_block);
            TRY(slave_writers_.wait(queue_lock_, sync::Interruptible::yes));
        }
        if (!master_open_) return fail(Error::io);
        for (auto byte : bytes) queue_[(first_ + used_++) % capacity] = byte;
        master_readers_.wake_all();
    }
    master_source.notify(fs::Ready::in);
    return {};
}

bool PseudoTerminal::has_room() {
    Guard guard(queue_lock_);
    return capacity - used_ >= put_limit;
}

void PseudoTerminal::input_taken() {
    {
        Guard guard(queue_lock_);
        ++typed_room_;
        master_writers_.wake_all();
    }
    master_source.notify(fs::Ready::out);
}

void PseudoTerminal::note_for_master(u8 what) {
    {
        Guard guard(queue_lock_);
        if (!packets_) return;
        // Each pair undoes the other.
        u8 opposite = what == output_stopped ? output_started : what == output_started ? output_stopped
                      : what == flow_control_off ? flow_control_on : what == flow_control_on ? flow_control_off : u8{0};
        notes_ = static_cast<u8>((notes_ & ~opposite) | what);
        master_readers_.wake_all();
    }
    master_source.notify(fs::Ready::in | fs::Ready::priority);
}

void PseudoTerminal::master_closed() {
    numbers.with([&](Numbers& n) { n.of[number_] = nullptr; });
    {
        Guard guard(queue_lock_);
        master_open_ = false;
        slave_writers_.wake_all();
    }
    hang_up(HangUp::dead);
    auto lost = give_up();
    auto leader = lost.session ? find_process(lost.session) : nullptr;
    if (!leader) return;
    send_to_process(*leader, SignalInfo::from_kernel(sighup));
    send_to_process(*leader, SignalInfo::from_kernel(sigcont));
}

}  // namespace spore::linux::terminal
