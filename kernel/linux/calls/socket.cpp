// Making, naming and connecting sockets, and their options.
#include "kernel/linux/calls/calls.hpp"
#include "kernel/linux/process/process.hpp"
#include "kernel/linux/socket/address.hpp"
#include "kernel/linux/socket/family.hpp"
#include "kernel/linux/uapi/open.hpp"
#include "kernel/linux/uapi/packet.hpp"

namespace spore::linux {

[[gnu::always_inline]] Result<SocketAddress> read_address(UserBytes from, u32 size) {
    SocketAddress address;
    if (size > SocketAddress::limit) return fail(Error::invalid);
    address.size = size;
    TRY(arch::copy_from_program(address.bytes, from, size));
    return address;
}

[[gnu::always_inline]] Result<void> write_address(const SocketAddress& address, UserBytes to, UserInOut<u32> size) {
    if (!to) return {};
    auto room = static_cast<i32>(TRY(size.read()));
    if (room < 0) return fail(Error::invalid);
    TRY(arch::copy_to_program(to, address.bytes, std::min(static_cast<u32>(room), address.size)));
    return size.write(address.size);
}

Result<Shared<Socket>> socket_of(Task& task, Descriptor descriptor) {
    auto file = TRY(task.files().get(descriptor));
    if (file->mode().path_only) return fail(Error::bad_descriptor);
    if (file->kind() != fs::FileKind::socket) return fail(Error::not_socket);
    return Shared<Socket>(static_cast<Socket&>(*file));
}

namespace calls {
namespace {

constexpr u32 creation_flags = o_nonblock | o_close_on_exec;
fs::OpenMode mode_of(u32 flags) { return {.read = true, .write = true, .nonblocking = (flags & o_nonblock) != 0}; }
OnExec on_exec_of(u32 flags) { return flags & o_close_on_exec ? OnExec::close : OnExec::keep; }
u64 file_limit(Task& task) { return task.process().limit(limit_files).soft; }

Result<u16> type_of(u32 type) {
    if (type & ~(creation_flags | socket_type_mask)) return fail(Error::invalid);
    return static_cast<u16>(type & socket_type_mask);
}

}  // namespace

Result<u64> socket(Task& task, i32 number, Flags type, i32 protocol) {
    auto plain = TRY(type_of(type));
    auto* family = TRY(find_family(number));
    auto made = TRY(family->create(plain, protocol, mode_of(type)));
    return task.files().add(std::move(made), on_exec_of(type), file_limit(task));
}

Result<u64> socketpair(Task& task, i32 number, Flags type, i32 protocol, UserOut<i32> pair) {
    auto plain = TRY(type_of(type));
    auto* family = TRY(find_family(number));
    if (!family->create_pair) return fail(Error::not_supported);
    auto made = TRY(family->create_pair(plain, protocol, mode_of(type)));
    i32 numbers[2];
    numbers[0] = static_cast<i32>(TRY(task.files().add(std::move(made.first), on_exec_of(type), file_limit(task))));
    auto second = task.files().add(std::move(made.second), on_exec_of(type), file_limit(task));
    if (second) numbers[1] = static_cast<i32>(*second);
    Result<void> told = second ? pair.write_all(numbers) : Result<void>(fail(second.error()));
    if (told) return 0;
    (void)task.files().close({numbers[0]});
    if (second) (void)task.files().close({numbers[1]});
    return fail(told.error());
}

Result<u64> bind(Task& task, Descriptor descriptor, UserBytes address, u32 size) {
    auto socket = TRY(socket_of(task, descriptor));
    TRY(socket->bind(TRY(read_address(address, size))));
    return 0;
}
Result<u64> listen(Task& task, Descriptor descriptor, i32 backlog) {
    TRY(TRY(socket_of(task, descriptor))->listen(backlog));
    return 0;
}
Result<u64> accept4(Task& task, Descriptor descriptor, UserBytes address, UserInOut<u32> size, Flags flags) {
    if (flags & ~creation_flags) return fail(Error::invalid);
    auto socket = TRY(socket_of(task, descriptor));
    auto made = TRY(socket->accept(mode_of(flags)));
    if (address) {
        auto peer = made->accepted_name();
        if (!peer) return fail(Error::connection_aborted);
        TRY(write_address(*peer, address, size));
    }
    return task.files().add(std::move(made), on_exec_of(flags), file_limit(task));
}
Result<u64> accept(Task& task, Descriptor descriptor, UserBytes address, UserInOut<u32> size) { return accept4(task, descriptor, address, size, {0}); }
Result<u64> connect(Task& task, Descriptor descriptor, UserBytes address, u32 size) {
    auto socket = TRY(socket_of(task, descriptor));
    TRY(socket->connect(TRY(read_address(address, size))));
    return 0;
}
Result<u64> getsockname(Task& task, Descriptor descriptor, UserBytes address, UserInOut<u32> size) {
    auto told = TRY(TRY(socket_of(task, descriptor))->name());
    if (!address) return fail(Error::bad_address);
    TRY(write_address(told, address, size));
    return 0;
}
Result<u64> getpeername(Task& task, Descriptor descriptor, UserBytes address, UserInOut<u32> size) {
    auto told = TRY(TRY(socket_of(task, descriptor))->peer_name());
    if (!address) return fail(Error::bad_address);
    TRY(write_address(told, address, size));
    return 0;
}
Result<u64> shutdown(Task& task, Descriptor descriptor, i32 how) {
    auto socket = TRY(socket_of(task, descriptor));
    if (how < 0 || how > 2) return fail(Error::invalid);
    TRY(socket->shutdown(static_cast<Shut>(how)));
    return 0;
}

namespace {
/// Larger than any option.
constexpr u32 option_limit = 512;
}  // namespace

Result<u64> setsockopt(Task& task, Descriptor descriptor, i32 level, i32 name, UserBytes value, u32 size) {
    auto socket = TRY(socket_of(task, descriptor));
    if (static_cast<i32>(size) < 0) return fail(Error::invalid);
    std::byte bytes[option_limit];
    size = std::min(size, option_limit);
    TRY(arch::copy_from_program(bytes, value, size));
    TRY(socket->set_option(level, name, std::span(bytes).first(size)));
    return 0;
}
Result<u64> getsockopt(Task& task, Descriptor descriptor, i32 level, i32 name, UserBytes value, UserInOut<u32> user_size) {
    auto socket = TRY(socket_of(task, descriptor));
    u32 size = TRY(user_size.read());
    if (static_cast<i32>(size) < 0) return fail(Error::invalid);
    if (level == level_socket && name == so_attach_filter) {  // SO_GET_FILTER counts instructions, not bytes
        TRY(user_size.write(static_cast<u32>(TRY(socket->get_filter(value, size)))));
        return 0;
    }
    std::byte bytes[option_limit] = {};
    if (level == level_packet) TRY(arch::copy_from_program(bytes, value, std::min(size, option_limit)));  // PACKET_HDRLEN answers what is there
    u64 told = TRY(socket->get_option(level, name, std::span(bytes).first(std::min(size, option_limit))));
    TRY(arch::copy_to_program(value, bytes, told));
    TRY(user_size.write(static_cast<u32>(told)));
    return 0;
}

}  // namespace calls
}  // namespace spore::linux
