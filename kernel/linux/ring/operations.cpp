// What each operation does: the system call that it stands for, with the submission's fields as arguments.
#include <algorithm>

#include "kernel/linux/calls/calls.hpp"
#include "kernel/linux/calls/message.hpp"
#include "kernel/linux/process/process.hpp"
#include "kernel/linux/ring/ring.hpp"
#include "kernel/linux/ring/ring_file.hpp"
#include "kernel/linux/uapi/open.hpp"

namespace spore::linux::ring {

namespace {

constexpr Descriptor operand{Descriptor::operand}, second_operand{Descriptor::second_operand};

Result<void> prepare_transfer(Task&, Request& request) {
    if (request.sqe.priority >> 13 > 3) return fail(Error::invalid);  // no class of priorities
    return {};
}

Result<void> prepare_pieces(Task& task, Request& request) {
    TRY(prepare_transfer(task, request));
    request.prepared = TRY(make_owned<Prepared>());
    request.prepared->pieces = TRY(Pieces::read({{request.sqe.address}}, request.sqe.size));
    return {};
}

Result<void> prepare_message(Request& request, Result<calls::Message> (*read)(const MessageHeader&)) {
    request.prepared = TRY(make_owned<Prepared>());
    request.prepared->message = TRY(read(TRY(UserIn<MessageHeader>{{request.sqe.address}}.read())));
    return {};
}
Result<void> prepare_send(Task&, Request& request) {
    if (!request.sqe.offset) return {};
    request.prepared = TRY(make_owned<Prepared>());
    request.prepared->address = TRY(read_address({{request.sqe.offset}}, static_cast<u16>(request.sqe.file_index)));
    return {};
}
Result<void> prepare_sendmsg(Task&, Request& request) { return prepare_message(request, calls::Message::to_send); }
Result<void> prepare_recvmsg(Task&, Request& request) { return prepare_message(request, calls::Message::to_receive); }

/// What is sent without copying, as far as the program can tell: it gets a notice when the bytes are its own again, which they are at once.
Result<void> check_notice(const Request& request, u16 known) {
    if ((request.sqe.priority & ~known) || request.has(skip_success)) return fail(Error::invalid);
    return {};
}
Result<void> prepare_send_zc(Task& task, Request& request) {
    TRY(check_notice(request, transfer_poll_first | send_fixed_buffer | send_reports_use));
    return prepare_send(task, request);
}
Result<void> prepare_sendmsg_zc(Task& task, Request& request) {
    TRY(check_notice(request, transfer_poll_first | send_reports_use));
    return prepare_sendmsg(task, request);
}

Result<void> prepare_connect(Task&, Request& request) {
    request.prepared = TRY(make_owned<Prepared>());
    request.prepared->address = TRY(read_address({{request.sqe.address}}, static_cast<u32>(std::min<u64>(request.sqe.offset, ~u32{0}))));
    return {};
}

Result<void> prepare_poll(Task&, Request& request) {
    if (request.sqe.size & ~u32{poll_many}) return fail(Error::invalid);
    request.many = request.sqe.size & poll_many;
    if (request.many && request.has(skip_success)) return fail(Error::invalid);
    return {};
}

Result<void> prepare_timeout(Task&, Request& request) {
    constexpr u32 clocks = timeout_boottime | timeout_realtime;
    auto& sqe = request.sqe;
    bool is_linked = request.operation->kind == Operation::linked_timeout;
    request.many = sqe.operation_flags & timeout_many;
    if (request.many && (is_linked || (sqe.operation_flags & timeout_absolute))) return fail(Error::invalid);
    if (sqe.size != 1 || (sqe.operation_flags & ~(timeout_absolute | clocks | timeout_is_success | timeout_many)) || (sqe.operation_flags & clocks) == clocks) return fail(Error::invalid);
    if (is_linked && sqe.offset) return fail(Error::invalid);
    request.span = TRY(UserIn<Timespec>{{sqe.address}}.read());
    if (!request.span.valid()) return fail(Error::invalid);
    return {};
}

/// What the program gave, or the next of a group's buffers.
struct Place {
    u64 address;
    u64 size;
};
Result<Place> choose(Request& request, u64 size) {
    auto& sqe = request.sqe;
    if (!request.has(select_buffer)) return Place{sqe.address, size};
    auto buffer = TRY(request.ring.registered().next_buffer(sqe.buffer));
    request.flags = has_buffer | u32{buffer.id} << buffer_shift;
    return Place{buffer.address, size ? std::min<u64>(size, buffer.size) : buffer.size};
}
/// A chosen buffer is used up when something came of it.
Result<u64> chosen(Request& request, Result<u64> result) {
    if (!request.has(select_buffer)) return result;
    bool at_end = result && *result == 0 && request.files[0]->kind() == fs::FileKind::socket;
    if (result && !at_end) request.ring.registered().take_buffer(request.sqe.buffer);
    else request.flags = 0;
    return result;
}

/// As far as an operation of many parts, which gives only so many bytes at a time, has come.
Result<u64> moved_part(Request& request, u64 wanted, Result<u64> result, bool all) {
    if (!result) return result;
    request.done += *result;
    if (all && *result && request.done < wanted) return fail(Error::would_block);
    if (request.done < wanted && all) request.failed = true;
    return request.done;
}

Result<u64> transfer(Task& task, Request& request, fs::IoBuffer buffer, bool reads) {
    auto& sqe = request.sqe;
    u64 wanted = buffer.remaining(), offset = ~u64{0};
    if (sqe.offset != ~u64{0} && request.files[0]->seek(0, fs::Whence::current)) offset = sqe.offset;  // what has no position is read and written as it comes
    auto call = reads ? calls::read_buffer : calls::write_buffer;
    auto moved = call(task, operand, buffer, offset, sqe.operation_flags);
    if (moved && *moved < wanted && !request.has(select_buffer)) request.failed = true;  // [linux] a short transfer breaks the chain
    return moved;
}
Result<u64> transfer_one(Task& task, Request& request, bool reads) {
    auto place = TRY(choose(request, request.sqe.size));
    return chosen(request, transfer(task, request, TRY(program_buffer({{place.address}}, place.size)), reads));
}
Result<u64> transfer_fixed(Task& task, Request& request, bool reads) {
    TRY(request.ring.registered().check_buffer(request.sqe.buffer, {request.sqe.address}, request.sqe.size));
    return transfer(task, request, TRY(program_buffer({{request.sqe.address}}, request.sqe.size)), reads);
}

Result<u64> nop(Task&, Request& request) {
    if (request.sqe.operation_flags) return fail(Error::invalid);
    return 0;
}
Result<u64> read(Task& task, Request& request) { return transfer_one(task, request, true); }
Result<u64> write(Task& task, Request& request) { return transfer_one(task, request, false); }
Result<u64> read_fixed(Task& task, Request& request) { return transfer_fixed(task, request, true); }
Result<u64> write_fixed(Task& task, Request& request) { return transfer_fixed(task, request, false); }
Result<u64> readv(Task& task, Request& request) {
    if (!request.has(select_buffer)) return transfer(task, request, request.prepared->pieces.buffer(), true);
    auto buffer = request.prepared->pieces.buffer();
    auto place = TRY(choose(request, buffer.remaining()));
    return chosen(request, transfer(task, request, TRY(program_buffer({{place.address}}, place.size)), true));
}
Result<u64> writev(Task& task, Request& request) { return transfer(task, request, request.prepared->pieces.buffer(), false); }

Result<u64> fsync(Task& task, Request& request) {
    constexpr u32 data_only = 1;
    if (request.sqe.operation_flags & ~data_only) return fail(Error::invalid);
    return request.sqe.operation_flags ? calls::fdatasync(task, operand) : calls::fsync(task, operand);
}
Result<u64> sync_file_range(Task& task, Request& request) {
    return calls::sync_file_range(task, operand, static_cast<i64>(request.sqe.offset), request.sqe.size, {request.sqe.operation_flags});
}
Result<u64> fallocate(Task& task, Request& request) {
    return calls::fallocate(task, operand, {request.sqe.size}, static_cast<i64>(request.sqe.offset), static_cast<i64>(request.sqe.address));
}
Result<u64> fadvise(Task& task, Request& request) {
    u64 size = request.sqe.address ? request.sqe.address : request.sqe.size;
    return calls::fadvise64(task, operand, static_cast<i64>(request.sqe.offset), static_cast<i64>(size), static_cast<i32>(request.sqe.operation_flags));
}
Result<u64> madvise(Task& task, Request& request) {
    u64 size = request.sqe.offset ? request.sqe.offset : request.sqe.size;
    return calls::madvise(task, {{request.sqe.address}}, size, static_cast<i32>(request.sqe.operation_flags));
}
Result<u64> splice(Task& task, Request& request) {
    return calls::splice_at(task, second_operand, {.value = static_cast<i64>(request.sqe.address)}, operand, {.value = static_cast<i64>(request.sqe.offset)}, request.sqe.size, {request.sqe.operation_flags});
}
Result<u64> tee(Task& task, Request& request) { return calls::tee(task, second_operand, operand, request.sqe.size, {request.sqe.operation_flags}); }

// Sockets

bool wants_all(const Request& request) { return (request.sqe.operation_flags & msg_waitall) && static_cast<Socket&>(*request.files[0]).type() == socket_stream; }
Result<void> check_socket(Request& request, u16 known) {
    if (request.sqe.priority & ~known) return fail(Error::invalid);
    if (request.files[0]->kind() != fs::FileKind::socket) return fail(Error::not_socket);
    return {};
}

Result<u64> send_bytes(Request& request) {
    auto& sqe = request.sqe;
    auto buffer = TRY(program_buffer({{sqe.address + request.done}}, sqe.size - request.done));
    SendRequest sending{.data = buffer, .flags = sqe.operation_flags | msg_nosignal, .to = request.prepared ? &request.prepared->address : nullptr};
    return moved_part(request, sqe.size, static_cast<Socket&>(*request.files[0]).send(sending), wants_all(request));
}
Result<u64> send(Task&, Request& request) {
    TRY(check_socket(request, transfer_poll_first));
    return send_bytes(request);
}
/// [linux] SOCK_SUPPORT_ZC: of TCP and UDP.
Result<void> check_zero_copy(Request& request) {
    request.gives_notice = true;
    TRY(check_socket(request, ~u16{0}));
    auto& socket = static_cast<Socket&>(*request.files[0]);
    if ((socket.family() != family_inet && socket.family() != family_inet6) || socket.type() == socket_raw) return fail(Error::not_supported);
    return {};
}
Result<u64> send_zc(Task&, Request& request) {
    auto& sqe = request.sqe;
    TRY(check_zero_copy(request));
    if (sqe.priority & send_fixed_buffer) TRY(request.ring.registered().check_buffer(sqe.buffer, {sqe.address}, sqe.size));
    return send_bytes(request);
}
Result<u64> recv(Task& task, Request& request) {
    auto& sqe = request.sqe;
    TRY(check_socket(request, transfer_poll_first | receive_many));
    bool many = sqe.priority & receive_many;
    if (many && (!request.has(select_buffer) || (sqe.operation_flags & msg_waitall))) return fail(Error::invalid);
    auto place = TRY(choose(request, sqe.size));
    auto got = chosen(request, calls::recvfrom(task, operand, {{{place.address + request.done}}}, place.size - request.done, {sqe.operation_flags}, {}, {}));
    request.many = many && got && *got;
    if (many) {
        // It goes on waiting, unless this was the end.
        if (!got && got.error() == Error::would_block) request.many = true;
        return got;
    }
    return moved_part(request, place.size, got, wants_all(request) && !request.has(select_buffer));
}
Result<u64> send_message(Task& task, Request& request) {
    auto& message = request.prepared->message;
    auto buffer = message.buffer();
    u64 wanted = buffer.remaining();
    buffer.skip(request.done);
    return moved_part(request, wanted, message.send(task, static_cast<Socket&>(*request.files[0]), request.sqe.operation_flags | msg_nosignal, buffer), wants_all(request));
}
Result<u64> sendmsg(Task& task, Request& request) {
    TRY(check_socket(request, transfer_poll_first));
    return send_message(task, request);
}
Result<u64> sendmsg_zc(Task& task, Request& request) {
    TRY(check_zero_copy(request));
    return send_message(task, request);
}
/// One of many messages, into a buffer of its own.
Result<u64> receive_one_of_many(Task& task, Request& request) {
    if (!request.has(select_buffer) || (request.sqe.operation_flags & msg_waitall)) return fail(Error::invalid);
    auto place = TRY(choose(request, 0));
    auto header = request.prepared->message.header();
    u64 lead = sizeof(ReceivedMessage) + header.name_size + header.control_size, payload = 0;
    auto got = chosen(request, [&]() -> Result<u64> {
        if (header.control_size > place.size || lead > place.size) return fail(Error::bad_address);
        u64 name = place.address + sizeof(ReceivedMessage), room = place.size - lead;
        header.control = header.control_size ? name + header.name_size : 0, header.name = header.name_size ? name : 0;
        payload = TRY(calls::Message::receive(task, static_cast<Socket&>(*request.files[0]), request.sqe.operation_flags, TRY(program_buffer({{place.address + lead}}, room)), header));
        TRY(UserOut<ReceivedMessage>{{place.address}}.write({header.name_size, static_cast<u32>(header.control_size), static_cast<u32>(payload), header.flags}));
        return lead + std::min(payload, room);
    }());
    request.many = got ? payload != 0 : got.error() == Error::would_block;
    return got;
}
Result<u64> recvmsg(Task& task, Request& request) {
    TRY(check_socket(request, transfer_poll_first | receive_many));
    if (request.sqe.priority & receive_many) return receive_one_of_many(task, request);
    auto& message = request.prepared->message;
    auto buffer = message.buffer();
    if (request.has(select_buffer)) {
        auto place = TRY(choose(request, buffer.remaining()));
        buffer = TRY(program_buffer({{place.address}}, place.size));
    }
    u64 wanted = buffer.remaining();
    buffer.skip(request.done);
    auto got = chosen(request, message.receive(task, static_cast<Socket&>(*request.files[0]), request.sqe.operation_flags, buffer));
    got = moved_part(request, wanted, got, wants_all(request) && !request.has(select_buffer));
    if (got) TRY(UserOut<MessageHeader>{{request.sqe.address}}.write(message.header()));
    return got;
}

/// A new descriptor goes among the ring's own files instead, when the submission says so.
Result<u64> place_file(Task& task, Request& request, Result<u64> made) {
    auto index = static_cast<u32>(request.sqe.file_index);
    if (!made || index == 0) return made;
    Descriptor descriptor{static_cast<i32>(*made)};
    auto file = task.files().get(descriptor);
    (void)task.files().close(descriptor);
    if (!file) return fail(file.error());
    auto& registered = request.ring.registered();
    if (index == ~u32{0}) return TRY(registered.add_file(std::move(*file)));
    (void)TRY(registered.put_file(index - 1, std::move(*file)));
    return 0;
}
/// What is placed among the ring's files is nobody's to close on exec.
Result<void> check_placed(const Request& request, u32 flags) {
    if (request.sqe.file_index && (flags & o_close_on_exec)) return fail(Error::invalid);
    return {};
}

Result<u64> accept(Task& task, Request& request) {
    auto& sqe = request.sqe;
    TRY(check_socket(request, accept_many));
    TRY(check_placed(request, sqe.operation_flags));
    bool many = sqe.priority & accept_many;
    if (many && sqe.file_index && static_cast<u32>(sqe.file_index) != ~u32{0}) return fail(Error::invalid);
    auto made = place_file(task, request, calls::accept4(task, operand, {{sqe.address}}, {{sqe.offset}}, {sqe.operation_flags}));
    request.many = many && (made || made.error() == Error::would_block);
    return made;
}
Result<u64> connect(Task&, Request& request) {
    TRY(check_socket(request, 0));
    auto connected = static_cast<Socket&>(*request.files[0]).connect(request.prepared->address);
    if (connected) return 0;
    bool goes_on = connected.error() == Error::in_progress || (request.attached() && connected.error() == Error::already_in_progress);
    return fail(goes_on ? Error::would_block : connected.error());
}
Result<u64> shutdown(Task& task, Request& request) { return calls::shutdown(task, operand, static_cast<i32>(request.sqe.size)); }
Result<u64> socket(Task& task, Request& request) {
    auto& sqe = request.sqe;
    if (sqe.offset > ~u32{0}) return fail(Error::invalid);
    TRY(check_placed(request, static_cast<u32>(sqe.offset)));
    return place_file(task, request, calls::socket(task, sqe.file, {static_cast<u32>(sqe.offset)}, static_cast<i32>(sqe.size)));
}

// Names

Result<u64> openat(Task& task, Request& request) {
    auto& sqe = request.sqe;
    TRY(check_placed(request, sqe.operation_flags));
    return place_file(task, request, calls::openat(task, {sqe.file}, {{{sqe.address}}}, {sqe.operation_flags}, {sqe.size}));
}
Result<u64> openat2(Task& task, Request& request) {
    auto& sqe = request.sqe;
    return place_file(task, request, calls::openat2(task, {sqe.file}, {{{sqe.address}}}, {{sqe.offset}}, sqe.size));
}
Result<u64> close(Task& task, Request& request) {
    auto& sqe = request.sqe;
    if (sqe.file_index) {
        if (sqe.file) return fail(Error::invalid);
        auto before = TRY(request.ring.registered().put_file(static_cast<u32>(sqe.file_index) - 1, nullptr));
        if (!before) return fail(Error::bad_descriptor);
        return 0;
    }
    auto file = TRY(task.files().get({sqe.file}));
    if (file->kind() == fs::FileKind::ring) return fail(Error::bad_descriptor);
    return calls::close(task, {sqe.file});
}
Result<u64> statx(Task& task, Request& request) {
    auto& sqe = request.sqe;
    return calls::statx(task, {sqe.file}, {{{sqe.address}}}, {sqe.operation_flags}, {sqe.size}, {{sqe.offset}});
}
Result<u64> renameat(Task& task, Request& request) {
    auto& sqe = request.sqe;
    return calls::renameat2(task, {sqe.file}, {{{sqe.address}}}, {static_cast<i32>(sqe.size)}, {{{sqe.offset}}}, {sqe.operation_flags});
}
Result<u64> unlinkat(Task& task, Request& request) {
    auto& sqe = request.sqe;
    return calls::unlinkat(task, {sqe.file}, {{{sqe.address}}}, {sqe.operation_flags});
}
Result<u64> mkdirat(Task& task, Request& request) {
    auto& sqe = request.sqe;
    return calls::mkdirat(task, {sqe.file}, {{{sqe.address}}}, {sqe.size});
}
Result<u64> symlinkat(Task& task, Request& request) {
    auto& sqe = request.sqe;
    return calls::symlinkat(task, {{{sqe.address}}}, {sqe.file}, {{{sqe.offset}}});
}
Result<u64> linkat(Task& task, Request& request) {
    auto& sqe = request.sqe;
    return calls::linkat(task, {sqe.file}, {{{sqe.address}}}, {static_cast<i32>(sqe.size)}, {{{sqe.offset}}}, {sqe.operation_flags});
}
Result<u64> epoll_ctl(Task& task, Request& request) {
    auto& sqe = request.sqe;
    return calls::epoll_ctl(task, {sqe.file}, static_cast<i32>(sqe.size), {static_cast<i32>(sqe.offset)}, {{sqe.address}});
}

// The ring itself

Result<u64> poll_remove(Task&, Request& request) {
    constexpr u32 update = poll_update_events | poll_update_data;
    auto& sqe = request.sqe;
    if (sqe.size & ~u32{update | poll_many}) return fail(Error::invalid);
    if (!(sqe.size & update) && (sqe.offset || sqe.operation_flags || (sqe.size & poll_many))) return fail(Error::invalid);
    auto* found = request.ring.find_waiting({.data = sqe.address, .kind = Operation::poll, .any_kind = false}, &request);
    if (!found) return fail(Error::not_found);
    if (!(sqe.size & update)) {
        request.ring.fail_waiting(*found, Error::canceled);
        return 0;
    }
    if (sqe.size & poll_update_events) {
        found->stop_waiting();
        found->sqe.operation_flags = sqe.operation_flags;
        found->many = sqe.size & poll_many;
    }
    if (sqe.size & poll_update_data) found->sqe.data = sqe.offset;
    request.ring.poll_anew(*found);
    return 0;
}

Result<u64> timeout_remove(Task&, Request& request) {
    auto& sqe = request.sqe;
    constexpr u32 updates = timeout_update | timeout_update_linked, clocks = timeout_absolute | timeout_boottime | timeout_realtime;
    Timespec span;
    if (sqe.operation_flags & updates) {
        if (sqe.operation_flags & ~(updates | clocks)) return fail(Error::invalid);
        span = TRY(UserIn<Timespec>{{sqe.offset}}.read());
        if (!span.valid()) return fail(Error::invalid);
    } else if (sqe.operation_flags) {
        return fail(Error::invalid);
    }
    auto* found = sqe.operation_flags & timeout_update_linked ? request.ring.find_limit(sqe.address)
                                                              : request.ring.find_waiting({.data = sqe.address, .kind = Operation::timeout, .any_kind = false}, &request);
    if (!found) return fail(Error::not_found);
    if (found->expired.load(std::memory_order_acquire) && !found->many) return fail(Error::already_in_progress);
    if (sqe.operation_flags & updates) {
        TRY(request.ring.arm(*found, span, sqe.operation_flags));
        return 0;
    }
    request.ring.fail_waiting(*found, Error::canceled);
    return 0;
}

Result<u64> async_cancel(Task& task, Request& request) {
    auto& sqe = request.sqe;
    constexpr u32 known = cancel_all | cancel_by_file | cancel_any | cancel_fixed_file;
    u32 how = sqe.operation_flags;
    if ((how & ~known) || ((how & cancel_by_file) && (how & cancel_any))) return fail(Error::invalid);
    Ring::Target target{.data = sqe.address, .flags = how};
    Shared<fs::File> file;
    if (how & cancel_by_file) {
        bool fixed = (how & cancel_fixed_file) || request.has(fixed_file);
        file = TRY(fixed ? request.ring.registered().file(static_cast<u32>(sqe.file)) : task.files().get({sqe.file}));
        target.file = file.get();
    }
    u64 count = request.ring.cancel(target, &request);
    if (how & (cancel_all | cancel_any)) return count;
    if (!count) return fail(Error::not_found);
    return 0;
}

Result<u64> files_update(Task& task, Request& request) {
    if (request.has(fixed_file) || request.has(select_buffer) || request.sqe.priority || !request.sqe.size) return fail(Error::invalid);
    return update_files(task, request.ring.registered(), static_cast<u32>(request.sqe.offset), {{request.sqe.address}}, request.sqe.size);
}
Result<u64> provide_buffers(Task&, Request& request) {
    auto& sqe = request.sqe;
    if (sqe.file <= 0 || sqe.offset > 0xffff) return fail(Error::argument_list_too_long);
    TRY(request.ring.registered().provide(sqe.buffer, {sqe.address}, sqe.size, static_cast<u32>(sqe.file), static_cast<u16>(sqe.offset)));
    return 0;
}
Result<u64> remove_buffers(Task&, Request& request) {
    if (request.sqe.file <= 0) return fail(Error::invalid);
    return request.ring.registered().remove(request.sqe.buffer, static_cast<u32>(request.sqe.file));
}
Result<u64> msg_ring(Task&, Request& request) {
    auto& sqe = request.sqe;
    constexpr u32 without_completion = 1;
    if (request.files[0]->kind() != fs::FileKind::ring || ring_of(*request.files[0]).is_disabled()) {
        request.failed = true;
        return static_cast<u64>(failure(Errno::ebadfd));
    }
    if (sqe.address || (sqe.operation_flags & ~without_completion)) return fail(Error::invalid);
    auto& target = ring_of(*request.files[0]);
    if (!(sqe.operation_flags & without_completion)) TRY(target.post_from_outside(sqe.offset, static_cast<i32>(sqe.size), 0));
    return 0;
}

// Names of the list's columns.
constexpr u8 offset = Operation::offset, address = Operation::address, size = Operation::size, flags = Operation::flags, buffer = Operation::buffer,
             file_index = Operation::file_index;
constexpr u8 takes_priority = Operation::takes_priority, selects_buffer = Operation::selects_buffer, transfers = Operation::transfers, messages = Operation::messages,
             splices = Operation::splices, own_descriptor = Operation::own_descriptor;

/// Those of kinds that the ring itself does.
constexpr auto poll_add = nullptr, timeout = nullptr, link_timeout = nullptr;

#define OPERATION(number, name, kind, files, unused, traits, waits_for, prepare) \
    Operation{number, Operation::kind, files, (unused), (traits), fs::Ready::waits_for, prepare, name},
constexpr Operation declared[] = {
#include "kernel/linux/ring/operations.list.hpp"
};
#undef OPERATION
static_assert(std::ranges::is_sorted(declared, {}, &Operation::number));

}  // namespace

const Operation* find_operation(u8 number) {
    auto found = std::ranges::lower_bound(declared, number, {}, &Operation::number);
    return found != std::end(declared) && found->number == number ? found : nullptr;
}
const u8 last_operation = std::end(declared)[-1].number;

}  // namespace spore::linux::ring
