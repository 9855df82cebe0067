#include "host/run/executions.hpp"

#include <signal.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>

namespace spore::host {

namespace {

using abi::HostFrame;

void append_nested(std::string& to_guest, u32 number, HostFrame kind, ByteSpan payload = {}) {
    abi::NestedPayload head{};
    head.number = number;
    auto bytes = bytes_of(head);
    std::string whole(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    append_frame(whole, kind, payload);
    append_frame(to_guest, HostFrame::nested, std::as_bytes(std::span(whole)));
}

/// What of a frame's payload is left when it is nested.
constexpr std::size_t most_payload = abi::max_frame_payload - sizeof(abi::NestedPayload) - sizeof(abi::FrameHeader);

bool may_come_later(HostFrame kind) {
    constexpr std::array later{HostFrame::standard_in, HostFrame::stdin_end, HostFrame::signal, HostFrame::window_size, HostFrame::output_credit, HostFrame::output_end};
    return std::ranges::contains(later, kind);
}

}  // namespace

Executions::Executions(int listener) : listener_(listener) {}

Executions::~Executions() {
    for (auto& execution : executions_) {
        if (execution.stage == Execution::Stage::ended) {
            execution.output.finish();
            continue;
        }
        abi::FrameHeader header{};
        header.kind = static_cast<u8>(abi::GuestFrame::exit);
        header.size = sizeof(abi::ExitPayload);
        abi::ExitPayload exit{};
        exit.reason = static_cast<u8>(abi::ExitReason::signaled);
        exit.status = SIGKILL;
        for (auto bytes : {bytes_of(header), bytes_of(exit)}) execution.output.add({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    }
}

void Executions::add_waits(std::vector<struct pollfd>& waits, bool guest_takes) const {
    waits.push_back({executions_.size() < most_connections ? listener_ : -1, POLLIN, 0});
    for (const auto& execution : executions_) {
        bool reads = guest_takes && execution.stage != Execution::Stage::ended;
        waits.push_back({execution.connection.number(), static_cast<short>((reads ? POLLIN : 0) | (execution.output.pending() ? POLLOUT : 0)), 0});
    }
}

void Executions::serve(std::span<const struct pollfd> waits, std::string& to_guest) {
    for (std::size_t i = 0; i < executions_.size(); ++i) {
        auto& execution = executions_[i];
        auto came = waits[1 + i].revents;
        if (came & POLLOUT) execution.output.flush();
        if (came & POLLIN) read(execution, to_guest);
        else if (came & (POLLHUP | POLLERR)) leave(execution, to_guest);
        if (execution.output.closed()) leave(execution, to_guest);
        if (execution.stage == Execution::Stage::ended && execution.output.pending() == 0) execution.over = true;
    }
    std::erase_if(executions_, [](const Execution& execution) { return execution.over; });
    if (waits[0].revents) {
        FileDescriptor connection(::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
        if (!connection) return;
        Output output(connection.number());
        if (!++last_number_) ++last_number_;
        executions_.push_back({.connection = std::move(connection), .number = last_number_, .reader = {}, .output = std::move(output)});
    }
}

void Executions::leave(Execution& execution, std::string& to_guest) {
    if (execution.stage == Execution::Stage::running) append_nested(to_guest, execution.number, HostFrame::hang_up);
    execution.stage = Execution::Stage::ended;
    execution.over = true;
}

void Executions::read(Execution& execution, std::string& to_guest) {
    std::byte buffer[65536];
    auto size = ::recv(execution.connection.number(), buffer, sizeof buffer, MSG_DONTWAIT);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (size <= 0) return leave(execution, to_guest);
    execution.reader.add({buffer, static_cast<std::size_t>(size)});
    while (auto frame = execution.reader.next()) {
        bool fresh = execution.stage == Execution::Stage::fresh;
        bool fits = frame->payload.size() <= most_payload && (fresh ? frame->kind == HostFrame::start || frame->kind == HostFrame::copy : may_come_later(frame->kind));
        if (!fits) return leave(execution, to_guest);
        execution.stage = Execution::Stage::running;
        append_nested(to_guest, execution.number, frame->kind, frame->payload);
    }
    if (execution.reader.broken()) leave(execution, to_guest);
}

void Executions::take(ByteSpan payload) {
    auto* head = view_at<abi::NestedPayload>(payload, 0);
    auto* frame = view_at<abi::FrameHeader>(payload, sizeof(abi::NestedPayload));
    if (!head || !frame || frame->size != payload.size() - sizeof *head - sizeof *frame) return;
    auto found = std::ranges::find_if(executions_, [&](const Execution& one) { return one.number == head->number && one.stage == Execution::Stage::running; });
    if (found == executions_.end()) return;
    auto inner = payload.subspan(sizeof *head);
    found->output.add({reinterpret_cast<const char*>(inner.data()), inner.size()});
    if (static_cast<abi::GuestFrame>(frame->kind) == abi::GuestFrame::exit) found->stage = Execution::Stage::ended;
}

}  // namespace spore::host
