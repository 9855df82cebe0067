// Sending and receiving through sockets, with what travels beside the bytes.
#include "kernel/linux/calls/message.hpp"

#include "kernel/linux/calls/calls.hpp"
#include "kernel/linux/process/process.hpp"
#include "kernel/linux/socket/address.hpp"
#include "kernel/linux/time/deadline.hpp"

namespace spore::linux::calls {

namespace {

constexpr u64 control_align(u64 size) { return align_up(size, sizeof(u64)); }
constexpr u64 most_files = 253;  // SCM_MAX_FD
constexpr u64 most_control = 64_KiB;

Result<void> read_files(Task& task, Ancillary& ancillary, ByteSpan numbers) {
    u64 count = numbers.size() / sizeof(i32), before = ancillary.files.size();
    if (before + count > most_files) return fail(Error::invalid);
    auto files = TRY(HeapArray<Shared<fs::File>>::create(before + count));
    for (u64 i = 0; i < before; ++i) files[i] = std::move(ancillary.files[i]);
    for (u64 i = 0; i < count; ++i) {
        i32 number;
        std::memcpy(&number, numbers.data() + i * sizeof number, sizeof number);
        auto& file = files[before + i] = TRY(task.files().get({number}));
        if (file->kind() == fs::FileKind::ring) return fail(Error::invalid);  // it could hold the socket that holds it
    }
    ancillary.files = std::move(files);
    return {};
}

/// Somebody may say who he is; who is privileged may say he is somebody else.
Result<void> read_identity(Task& task, Ancillary& ancillary, ByteSpan bytes) {
    Identity said;
    if (bytes.size() != sizeof said) return fail(Error::invalid);
    std::memcpy(&said, bytes.data(), sizeof said);
    auto who = task.process().credentials();
    bool own = said.pid == task.process().id() && (said.uid == who.uid || said.uid == who.effective_uid || said.uid == who.saved_uid) &&
               (said.gid == who.gid || said.gid == who.effective_gid || said.gid == who.saved_gid);
    if (!own && !who.may(Capability::admin)) return fail(Error::not_permitted);
    ancillary.sender = said;
    return {};
}

Result<HeapArray<std::byte>> copy_control(u64 at, u64 size) {
    HeapArray<std::byte> bytes;
    if (at == 0 || size == 0) return bytes;
    if (size > most_control) return fail(Error::no_buffers);
    bytes = TRY(HeapArray<std::byte>::create(size));
    TRY(arch::copy_from_program(bytes.data(), {at}, size));
    return bytes;
}

/// What every family understands; the rest is the family's.
Result<Ancillary> read_control(Task& task, ByteSpan rest) {
    Ancillary ancillary;
    while (rest.size() >= sizeof(ControlHeader)) {
        ControlHeader header;
        std::memcpy(&header, rest.data(), sizeof header);
        if (header.size < sizeof header || header.size > rest.size()) return fail(Error::invalid);
        auto body = rest.subspan(sizeof header, header.size - sizeof header);
        if (header.level == level_socket) {
            if (header.type == control_rights) TRY(read_files(task, ancillary, body));
            else if (header.type == control_credentials) TRY(read_identity(task, ancillary, body));
            else if (header.type != so_mark) return fail(Error::invalid);
        }
        rest = rest.subspan(std::min<u64>(rest.size(), control_align(header.size)));
    }
    return ancillary;
}

/// Control messages going out: as much as the program's buffer holds.
class ControlWriter final : public ControlSink {
public:
    ControlWriter(u64 at, u64 size) : at_{at}, room_(at ? size : 0) {}

    Result<void> put(i32 level, i32 type, ByteSpan body, u32& flags) override {
        if (room_ < sizeof(ControlHeader)) {
            flags |= msg_ctrunc;
            return {};
        }
        u64 size = std::min(room_, sizeof(ControlHeader) + body.size());
        if (size < sizeof(ControlHeader) + body.size()) flags |= msg_ctrunc;
        ControlHeader header{size, level, type};
        TRY(arch::copy_to_program(at_, &header, sizeof header));
        TRY(arch::copy_to_program(at_ + sizeof header, body.data(), size - sizeof header));
        u64 step = std::min(room_, control_align(size));
        at_ = at_ + step, room_ -= step, used_ += step;
        return {};
    }
    /// How many descriptors fit.
    u64 room_for_files() const { return room_ < sizeof(ControlHeader) ? 0 : (room_ - sizeof(ControlHeader)) / sizeof(i32); }
    u64 used() const { return used_; }

private:
    VirtAddr at_;
    u64 room_, used_ = 0;
};

/// Gives received files numbers. Those that find no room are closed, and the program is told.
Result<void> write_files(Task& task, ControlWriter& control, HeapArray<Shared<fs::File>>& files, u32 flags, u32& result_flags) {
    i32 numbers[most_files];
    u64 fit = std::min<u64>(files.size(), control.room_for_files()), count = 0;
    auto on_exec = flags & msg_cmsg_cloexec ? OnExec::close : OnExec::keep;
    for (; count < fit; ++count) {
        auto number = task.files().add(std::move(files[count]), on_exec, task.process().limit(limit_files).soft);
        if (!number) break;
        numbers[count] = static_cast<i32>(*number);
    }
    if (count < files.size()) result_flags |= msg_ctrunc;
    if (count == 0) return {};
    return control.put(level_socket, control_rights, std::as_bytes(std::span(numbers).first(count)), result_flags);
}

Result<u64> answer_sender(Task& task, Socket& socket, Result<u64> result, u32 flags) {
    return flags & msg_nosignal ? result : written(task, socket, result);
}

Result<u64> send_one(Task& task, Socket& socket, const MessageHeader& header, u32 flags) {
    auto message = TRY(Message::to_send(header));
    return message.send(task, socket, flags, message.buffer());
}

Result<u64> receive_one(Task& task, Socket& socket, MessageHeader& header, u32 flags) {
    auto message = TRY(Message::to_receive(header));
    u64 size = TRY(message.receive(task, socket, flags, message.buffer()));
    header = message.header();
    return size;
}

}  // namespace

Result<Message> Message::to_send(const MessageHeader& header) {
    Message message;
    message.header_ = header;
    if (header.name && header.name_size) message.to_ = TRY(read_address({{header.name}}, header.name_size));
    if (header.piece_count > 1024) return fail(Error::message_too_long);
    message.pieces_ = TRY(Pieces::read({{header.pieces}}, static_cast<i64>(header.piece_count)));
    message.control_ = TRY(copy_control(header.control, header.control_size));
    return message;
}

Result<u64> Message::send(Task& task, Socket& socket, u32 flags, fs::IoBuffer data) {
    SendRequest request{.data = data, .flags = flags, .to = to_.size ? &to_ : nullptr, .ancillary = TRY(read_control(task, control_.span())),
                        .control = control_.span()};
    return answer_sender(task, socket, socket.send(request), flags);
}

Result<Message> Message::to_receive(const MessageHeader& header) {
    Message message;
    message.header_ = header;
    if (header.piece_count > 1024) return fail(Error::message_too_long);
    if (static_cast<i32>(header.name_size) < 0) return fail(Error::invalid);
    message.pieces_ = TRY(Pieces::read({{header.pieces}}, static_cast<i64>(header.piece_count)));
    return message;
}

Result<u64> Message::receive(Task& task, Socket& socket, u32 flags, fs::IoBuffer into, MessageHeader& header) {
    ControlWriter control(header.control, header.control_size);
    ReceiveRequest request{.data = into, .flags = flags, .control = &control};
    u64 size = TRY(socket.receive(request));

    u32 result_flags = request.result_flags | (flags & msg_cmsg_cloexec);
    if (request.has_sender) TRY(control.put(level_socket, control_credentials, bytes_of(request.ancillary.sender), result_flags));
    if (request.ancillary.files.size()) TRY(write_files(task, control, request.ancillary.files, flags, result_flags));
    if (header.name) {
        TRY(arch::copy_to_program({header.name}, request.from.bytes, std::min(header.name_size, request.from.size)));
        header.name_size = request.from.size;
    }
    header.control_size = control.used();
    header.flags = result_flags;
    return size;
}

Result<u64> sendto(Task& task, Descriptor descriptor, UserData data, u64 size, Flags flags, UserBytes address, u32 address_size) {
    auto socket = TRY(socket_of(task, descriptor));
    SocketAddress to;
    if (address) to = TRY(read_address(address, address_size));
    auto buffer = TRY(program_buffer(data, size));
    SendRequest request{.data = buffer, .flags = flags, .to = to.size ? &to : nullptr};
    return answer_sender(task, *socket, socket->send(request), flags);
}

Result<u64> recvfrom(Task& task, Descriptor descriptor, UserBuffer data, u64 size, Flags flags, UserBytes address, UserInOut<u32> address_size) {
    auto socket = TRY(socket_of(task, descriptor));
    auto buffer = TRY(program_buffer(data, size));
    ReceiveRequest request{.data = buffer, .flags = flags};
    u64 done = TRY(socket->receive(request));
    TRY(write_address(request.from, address, address_size));
    return done;
}

Result<u64> sendmsg(Task& task, Descriptor descriptor, UserIn<MessageHeader> message, Flags flags) {
    auto socket = TRY(socket_of(task, descriptor));
    return send_one(task, *socket, TRY(message.read()), flags);
}

Result<u64> recvmsg(Task& task, Descriptor descriptor, UserInOut<MessageHeader> message, Flags flags) {
    auto socket = TRY(socket_of(task, descriptor));
    auto header = TRY(message.read());
    u64 done = TRY(receive_one(task, *socket, header, flags));
    TRY(message.write(header));
    return done;
}

Result<u64> sendmmsg(Task& task, Descriptor descriptor, UserInOut<MessageAndSize> messages, u32 count, Flags flags) {
    auto socket = TRY(socket_of(task, descriptor));
    count = std::min<u32>(count, 1024);
    u64 done = 0;
    for (; done < count; ++done) {
        auto message = messages.read(done);
        Result<u64> sent = message ? send_one(task, *socket, message->header, flags) : fail(message.error());
        if (!sent) return done ? Result<u64>(done) : sent;
        message->size = static_cast<u32>(*sent);
        TRY(messages.write(*message, done));
    }
    return done;
}

Result<u64> recvmmsg(Task& task, Descriptor descriptor, UserInOut<MessageAndSize> messages, u32 count, Flags flags, UserInOut<Timespec> timeout) {
    auto socket = TRY(socket_of(task, descriptor));
    // The timeout is looked at between messages only [recvmmsg(2), bugs].
    auto deadline = TRY(deadline_after({timeout.at}));
    count = std::min<u32>(count, 1024);
    u64 done = 0;
    while (done < count) {
        u32 one = flags & ~u32{msg_waitforone};
        if (done && (flags & msg_waitforone)) one |= msg_dontwait;
        auto message = messages.read(done);
        Result<u64> got = message ? receive_one(task, *socket, message->header, one) : fail(message.error());
        if (!got) return done ? Result<u64>(done) : got;
        message->size = static_cast<u32>(*got);
        TRY(messages.write(*message, done++));
        if (time::now() >= deadline) break;
    }
    return done;
}

}  // namespace spore::linux::calls
