// Asynchronous input and output [io_submit(2)]. As on Linux for files whose pages are cached, a request is done while it is submitted, and what
// is asynchronous is how the program hears of its end.
#include "kernel/fs/io_buffer.hpp"
#include "kernel/linux/calls/calls.hpp"
#include "kernel/linux/calls/transfer.hpp"
#include "kernel/linux/calls/with_mask.hpp"
#include "kernel/linux/errno.hpp"
#include "kernel/linux/event/request_context.hpp"
#include "kernel/linux/process/process.hpp"
#include "kernel/linux/time/deadline.hpp"

namespace spore::linux::calls {

namespace {

enum class Operation : u16 { read = 0, write = 1, sync = 2, sync_data = 3, read_pieces = 7, write_pieces = 8 };

/// struct iocb
struct Request {
    u64 data;
    u32 key, transfer_flags;
    Operation operation;
    i16 priority;
    i32 file;
    u64 buffer, size;
    i64 offset;
    u64 reserved;
    u32 flags;
    i32 event_file;

    bool reads() const { return operation == Operation::read || operation == Operation::read_pieces; }
    bool in_pieces() const { return operation == Operation::read_pieces || operation == Operation::write_pieces; }
};
static_assert(sizeof(Request) == 64 && offsetof(Request, buffer) == 24 && offsetof(Request, event_file) == 60);

/// What the request comes to. An error of this is one of io_submit itself.
Result<Result<u64>> perform(Task& task, const Request& request, UserAddress at) {
    Descriptor file{request.file};
    switch (request.operation) {
    case Operation::sync:
    case Operation::sync_data:
        if (request.buffer || request.size || request.offset || request.transfer_flags) return fail(Error::invalid);
        return request.operation == Operation::sync ? fsync(task, file) : fdatasync(task, file);
    case Operation::read:
    case Operation::write:
    case Operation::read_pieces:
    case Operation::write_pieces: break;
    default: return fail(Error::invalid);
    }
    if (request.offset < 0) return fail(Error::invalid);
    auto open = TRY(request.reads() ? readable(task, file) : writable(task, file));
    // A request's own buffer and size stand in it as an iovec would.
    UserIn<fs::Piece> pieces{{request.in_pieces() ? request.buffer : at.value + offsetof(Request, buffer)}};
    u64 count = request.in_pieces() ? request.size : 1;
    if (count > INT32_MAX) return fail(Error::invalid);
    (void)TRY(Pieces::read(pieces, static_cast<i64>(count)));
    // What has no position is read and written as it comes.
    u64 offset = open->seek(0, fs::Whence::current) ? static_cast<u64>(request.offset) : ~u64{0};
    auto call = request.reads() ? preadv2 : pwritev2;
    return call(task, file, pieces, static_cast<i32>(count), offset, 0, {request.transfer_flags});
}

Result<void> submit(Task& task, RequestContext& context, UserAddress at) {
    constexpr u32 tells_event_file = 1;
    auto request = TRY(UserIn<Request>{at}.read());
    if (request.reserved || static_cast<i64>(request.size) < 0) return fail(Error::invalid);
    TRY(context.begin());
    auto tried = [&]() -> Result<Result<u64>> {
        (void)TRY(task.files().get({request.file}));
        Shared<fs::File> told;
        if (request.flags & tells_event_file) {
            told = TRY(task.files().get({request.event_file}));
            if (told->kind() != fs::FileKind::event) return fail(Error::invalid);
        }
        TRY(UserOut<u32>{at + offsetof(Request, key)}.write(0));
        auto result = TRY(perform(task, request, at));
        context.end({.data = request.data, .request = at.value, .result = result ? static_cast<i64>(*result) : failure(errno_of(result.error()))});
        if (told) {
            u64 one = 1;
            auto bytes = fs::IoBuffer::kernel(std::as_writable_bytes(std::span(&one, 1)));
            (void)told->write(bytes);
        }
        return result;
    }();
    if (tried) return {};
    context.give_back();
    return fail(tried.error());
}

Result<u64> fetch_events(Task& task, u64 address, i64 least, i64 most, UserAddress events, Instant deadline) {
    auto context = TRY(RequestContext::find(task, address));
    if (least < 0 || least > most) return fail(Error::invalid);
    return context->fetch({events}, static_cast<u64>(least), static_cast<u64>(most), deadline);
}

}  // namespace

Result<u64> io_setup(Task& task, u32 capacity, UserInOut<u64> user) {
    constexpr u32 largest = 0x1000'0000 / sizeof(RequestEvent);
    if (TRY(user.read()) || capacity == 0 || capacity > largest) return fail(Error::invalid);
    auto context = TRY(RequestContext::create(task.process().id(), capacity));
    auto at = TRY(task.memory().map({.size = page_size, .access = {true, true, false}, .sharing = memory::Sharing::shared, .object = context}));
    if (auto told = user.write(at.value); !told) {
        TRY(task.memory().unmap(at, page_size));
        return fail(told.error());
    }
    return 0;
}

Result<u64> io_destroy(Task& task, u64 address) {
    TRY(RequestContext::find(task, address))->close();
    TRY(task.memory().unmap({address}, page_size));
    return 0;
}

Result<u64> io_submit(Task& task, u64 address, i64 count, UserIn<u64> requests) {
    auto context = TRY(RequestContext::find(task, address));
    if (count < 0) return fail(Error::invalid);
    for (i64 done = 0; done < count; ++done) {
        auto at = requests.read(static_cast<u64>(done));
        auto submitted = at ? submit(task, *context, {{*at}}) : fail(at.error());
        if (!submitted) return done ? Result<u64>(static_cast<u64>(done)) : fail(submitted.error());
    }
    return static_cast<u64>(count);
}

Result<u64> io_cancel(Task& task, u64, UserAddress request, UserAddress) {
    (void)TRY(UserIn<u32>{request + offsetof(Request, key)}.read());
    return fail(Error::invalid);  // none is under way that could be found
}

Result<u64> io_getevents(Task& task, u64 address, i64 least, i64 most, UserAddress events, UserIn<Timespec> timeout) {
    return fetch_events(task, address, least, most, events, TRY(deadline_after(timeout)));
}

Result<u64> io_pgetevents(Task& task, u64 address, i64 least, i64 most, UserAddress events, UserIn<Timespec> timeout, UserIn<SignalMaskArgument> user) {
    auto deadline = TRY(deadline_after(timeout));
    SignalMaskArgument mask{};
    if (user) mask = TRY(user.read());
    return with_mask(task, {{mask.address}}, mask.size, [&] { return fetch_events(task, address, least, most, events, deadline); });
}

}  // namespace spore::linux::calls
