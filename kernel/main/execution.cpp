#include "kernel/main/execution.hpp"

#include <algorithm>
#include <bit>

#include "arch/cpu.hpp"
#include "base/locked.hpp"
#include "kernel/core/parts.hpp"
#include "kernel/linux/start.hpp"
#include "kernel/linux/terminal/outside.hpp"
#include "kernel/main/copy.hpp"
#include "kernel/main/program.hpp"
#include "kernel/main/stream_file.hpp"
#include "kernel/task/thread.hpp"
#include "wire/start_request.hpp"

namespace spore::main {
namespace {

using abi::ExitReason;
using abi::GuestFrame;
using abi::HostFrame;
using abi::StartFailure;

constinit std::optional<wire::Manifest> defaults;
constinit Shared<fs::Dentry> tree;

/// From the `start` frame until the host has been told of the program's end, or nobody is there any more.
class Execution final : public ChannelConsole {
public:
    Execution(u32 number, HostFrame what, linux::HeapArray<std::byte> request) : ChannelConsole(max_nested_payload), number_(number), what_(what), request_(std::move(request)) {}

    u32 number() const { return number_; }
    /// Starts the program; with a terminal, stays with that until the end. Or copies files.
    void run();
    /// The host is told, once.
    void finish(linux::End end);

private:
    Result<void> send(GuestFrame kind, ByteSpan payload) override {
        bool output = kind == GuestFrame::standard_out || kind == GuestFrame::standard_err;
        if (hung_up()) return fail(Error::broken_pipe);
        return send_nested(number_, kind, payload, output ? Wait::yes : Wait::no);
    }
    void act(HostFrame kind, ByteSpan payload) override;
    Result<i32> start(const wire::StartRequest& request, StartFailure& failure);
    Result<StandardFiles> open_files(const wire::StartRequest& request, wire::Manifest::User user);
    void ended(linux::End end);
    void pass_signals();

    u32 number_;
    HostFrame what_;  ///< `start` or `copy`
    linux::HeapArray<std::byte> request_;
    Owned<linux::OutsideTerminal> terminal_;
    linux::End end_{ExitReason::signaled, 9};  ///< once the terminal was told of it
    std::atomic<i32> process_ = 0;             ///< 0: not yet; -1: not any more
    std::atomic<u64> signals_ = 0;             ///< to be sent, as soon as there is somebody to send them to
};

bool begins(HostFrame kind) { return kind == HostFrame::start || kind == HostFrame::copy; }

struct Table {
    Shared<Execution> of[abi::max_nested];
};
constinit Locked<Table, sync::Spin> table;

/// What `take` makes of the place of this one; null where there is none.
Shared<Execution> look_up(u32 number, Shared<Execution> (*take)(Shared<Execution>& place)) {
    return table.with([&](Table& t) -> Shared<Execution> {
        auto found = std::ranges::find_if(t.of, [&](auto& one) { return one && one->number() == number; });
        return found == std::end(t.of) ? nullptr : take(*found);
    });
}
Shared<Execution> find(u32 number) {
    return look_up(number, [](Shared<Execution>& place) { return place; });
}
Shared<Execution> take_out(u32 number) {
    return look_up(number, [](Shared<Execution>& place) { return std::exchange(place, nullptr); });
}

bool put_in(const Shared<Execution>& execution) {
    return table.with([&](Table& t) {
        auto room = std::ranges::find(t.of, nullptr, [](auto& one) { return one.get(); });
        if (room == std::end(t.of)) return false;
        *room = execution;
        return true;
    });
}

void Execution::finish(linux::End end) {
    if (!take_out(number_)) return;
    abi::ExitPayload payload{};
    payload.reason = static_cast<u8>(end.reason);
    payload.status = end.status;
    (void)send(GuestFrame::exit, bytes_of(payload));
}

void Execution::act(HostFrame kind, ByteSpan payload) {
    if (kind == HostFrame::hang_up) {
        take_out(number_);
        hang_up();
    } else if (auto* number = view_at<le32>(payload, 0); kind == HostFrame::signal && number && *number - 1 < 64) {
        signals_.fetch_or(u64{1} << (*number - 1));
        pass_signals();
    } else if (kind == HostFrame::window_size) {
        tell_readers();
    }
}

void Execution::pass_signals() {
    i32 process = process_.load();
    if (process <= 0) return;
    for (u64 signals = signals_.exchange(0); signals; signals &= signals - 1) linux::signal_program(process, std::countr_zero(signals) + 1);
}

void Execution::ended(linux::End end) {
    process_ = -1;
    if (!terminal_) return finish(end);
    end_ = end;
    terminal_->end();
}

Result<StandardFiles> Execution::open_files(const wire::StartRequest& request, wire::Manifest::User user) {
    if (!request.head().terminal) return open_streams(*this, user, Shared<ChannelConsole>(*this));
    set_terminal({request.head().rows, request.head().columns});
    terminal_ = TRY(linux::OutsideTerminal::create(*this, user.uid));
    auto file = TRY(terminal_->open());
    return StandardFiles{file, file, file};
}

Result<i32> Execution::start(const wire::StartRequest& request, StartFailure& failure) {
    failure = StartFailure::no_memory;
    auto first = defaults->user().value_or(wire::Manifest::User{});
    auto user = request.head().own_user ? wire::Manifest::User{request.head().uid, request.head().gid, request.groups()} : first;
    auto files = TRY(open_files(request, user));
    auto arguments = TRY(linux::HeapArray<std::string_view>::create(request.argument_count()));
    auto environment = TRY(linux::HeapArray<std::string_view>::create(request.variable_count() + defaults->environment_count()));
    std::size_t count = 0, own;
    request.for_each_argument([&](std::string_view text) { arguments[count++] = text; });
    count = 0;
    request.for_each_variable([&](std::string_view text) { environment[count++] = text; });
    own = count;
    defaults->for_each_environment([&](std::string_view text) {
        auto key = text.substr(0, text.find('=') + 1);
        bool replaced = std::ranges::any_of(environment.span().first(own), [&](std::string_view other) { return other.starts_with(key); });
        if (!replaced) environment[count++] = text;
    });
    StartLimits limits(*defaults);
    retain();  // for `ended`
    auto started = linux::start_besides({
        .path = arguments[0],
        .arguments = arguments.span(),
        .environment = environment.span().first(count),
        .directory = request.folder().empty() ? defaults->directory() : request.folder(),
        .uid = user.uid,
        .gid = user.gid,
        .groups = user.groups,
        .limits = limits.view(),
        .root = tree,
        .standard_in = files.in,
        .standard_out = files.out,
        .standard_err = files.err,
        .terminal = terminal_.get(),
        .ended = [](void* self, linux::End end) { Shared<Execution>::adopt(static_cast<Execution*>(self))->ended(end); },
        .context = this,
    }, failure);
    if (!started) (void)Shared<Execution>::adopt(this);
    return started;
}

void Execution::run() {
    abi::HelloPayload hello{};
    hello.version = abi::channel_version;
    hello.boot_nanoseconds = arch::monotonic_nanoseconds();
    (void)send(GuestFrame::hello, bytes_of(hello));
    if (what_ == HostFrame::copy) {
        auto copy = wire::CopyRequest::parse(request_.span());
        if (!copy) return finish({ExitReason::failed, static_cast<u32>(StartFailure::bad_start)});
        copy_files(*copy, *this, *tree);
        return finish({ExitReason::exited, 0});
    }
    auto request = wire::StartRequest::parse(request_.span());
    auto failure = StartFailure::bad_start;
    auto process = request ? start(*request, failure) : Result<i32>(fail(request.error()));
    if (!process) return finish({ExitReason::failed, static_cast<u32>(failure)});
    request_ = {};
    i32 none = 0;
    process_.compare_exchange_strong(none, *process);
    pass_signals();
    if (!terminal_) return;
    terminal_->carry();
    finish(end_);
}

[[noreturn]] void run(void* argument) {
    {
        auto execution = Shared<Execution>::adopt(static_cast<Execution*>(argument));
        execution->run();
    }
    task::end();
}

/// In a thread of its own, since to look for the program may sleep. Takes all of the frame's payload.
std::optional<StartFailure> begin(u32 number, HostFrame what, u32 size, Receive receive) {
    auto request = linux::HeapArray<std::byte>::create(size);
    if (!request) {
        skip(size, receive);
        return StartFailure::no_memory;
    }
    receive(std::as_writable_bytes(request->span()));
    auto execution = make_shared<Execution>(number, what, std::move(*request));
    if (!execution) return StartFailure::no_memory;
    if (find(number)) return StartFailure::bad_start;
    if (!put_in(*execution)) return StartFailure::too_many_programs;
    auto thread = task::Thread::create("exec", run, execution->get());
    if (!thread) {
        take_out(number);
        return StartFailure::no_memory;
    }
    (void)execution->leak();
    task::start(std::move(*thread));
    return std::nullopt;
}

void take_frame(u32 number, HostFrame kind, u32 size, Receive receive) {
    if (begins(kind)) {
        if (auto failure = begin(number, kind, size, receive)) refuse_nested(number, *failure);
    } else if (auto execution = find(number)) {
        execution->take(kind, size, receive);
    } else {
        skip(size, receive);  // it has ended meanwhile
    }
}

}  // namespace

TakeNested start_executions(const wire::Manifest& manifest, Shared<fs::Dentry> root) {
    if constexpr (!core::has(core::Part::exec)) {
        return [](u32 number, HostFrame kind, u32 size, Receive receive) {
            skip(size, receive);
            if (begins(kind)) refuse_nested(number, StartFailure::tailored);
        };
    }
    defaults = manifest;
    tree = std::move(root);
    return take_frame;
}

}  // namespace spore::main
