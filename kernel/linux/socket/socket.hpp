// Sockets as the system calls see them. A family (socket/family.hpp) provides classes derived from Socket; what all families have
// in common, the SOL_SOCKET options above all, is here.
#pragma once

#include "kernel/fs/file.hpp"
#include "kernel/linux/small_text.hpp"
#include "kernel/linux/uapi/socket.hpp"

namespace spore::linux {

/// An address of any family, as programs hand it over.
struct SocketAddress {
    static constexpr u32 limit = 128;  // struct sockaddr_storage
    u32 size = 0;
    alignas(8) std::byte bytes[limit] = {};

    u16 family() const {
        u16 number = 0;
        if (size >= sizeof number) std::memcpy(&number, bytes, sizeof number);
        return number;
    }
    ByteSpan view() const { return std::span(bytes).first(size); }
};

/// Who is at the other end (struct ucred).
struct Identity {
    i32 pid = 0;
    u32 uid = ~u32{0}, gid = ~u32{0};
    friend bool operator==(const Identity&, const Identity&) = default;
};

/// What travels beside the bytes.
struct Ancillary {
    HeapArray<Shared<fs::File>> files;
    Identity sender;
};

struct SendRequest {
    fs::IoBuffer& data;
    u32 flags = 0;
    const SocketAddress* to = nullptr;
    Ancillary ancillary{};
};
struct ReceiveRequest {
    fs::IoBuffer& data;
    u32 flags = 0;
    // Results
    SocketAddress from{};
    Ancillary ancillary{};
    bool has_sender = false;
    u32 result_flags = 0;
};

enum class Shut : u8 { reading = 0, writing = 1, both = 2 };

class Socket : public fs::File {
public:
    Socket(u16 family, u16 type, u16 protocol, fs::OpenMode mode) : File(mode), family_(family), type_(type), protocol_(protocol) {}

    u16 family() const { return family_; }
    u16 type() const { return type_; }

    virtual Result<void> bind(const SocketAddress& address) = 0;
    virtual Result<void> listen(i32 backlog) = 0;
    /// Waits unless the socket is nonblocking.
    virtual Result<Shared<Socket>> accept(fs::OpenMode mode) = 0;
    virtual Result<void> connect(const SocketAddress& address) = 0;
    virtual Result<u64> send(SendRequest& request) = 0;
    /// Bytes received; for messages with MSG_TRUNC, the whole length. 0 at the end.
    virtual Result<u64> receive(ReceiveRequest& request) = 0;
    virtual Result<void> shutdown(Shut how) = 0;
    virtual Result<SocketAddress> name() = 0;
    virtual Result<SocketAddress> peer_name() = 0;
    /// The option's bytes, cut to the buffer; how many there are.
    virtual Result<u64> get_option(i32 level, i32 name, MutableByteSpan value);
    virtual Result<void> set_option(i32 level, i32 name, ByteSpan value);

    Result<u64> read(fs::IoBuffer& into) override;
    Result<u64> write(fs::IoBuffer& from) override;
    Result<fs::Stat> stat() override;
    std::string_view describe(std::span<char> buffer) override;
    fs::FileKind kind() const override { return fs::FileKind::socket; }

protected:
    /// What can be set and is read back. Families use what means something to them.
    struct Options {
        u32 send_buffer = default_buffer, receive_buffer = default_buffer;
        Duration send_timeout, receive_timeout;  ///< 0: none
        i32 receive_low = 1;
        i32 linger_on = 0, linger_seconds = 0;
        bool pass_credentials = false;
        u64 flags = 0;                           ///< those that are only on or off, by number
    };
    static constexpr u32 default_buffer = 212'992;
    Options options();
    /// SO_ERROR: the error that came by itself; reading clears it.
    virtual i32 take_error() { return 0; }
    virtual bool listening() { return false; }
    /// When a send or receive with these flags gives up: at once, never, or after the socket's timeout.
    Instant send_deadline(u32 flags) { return deadline(flags, options().send_timeout); }
    Instant receive_deadline(u32 flags) { return deadline(flags, options().receive_timeout); }

private:
    Instant deadline(u32 flags, Duration timeout) const;
    Result<void> set_number(i32 name, i32 value);
    u16 family_, type_, protocol_;
    u64 number_ = next_number_.fetch_add(1, std::memory_order_relaxed);
    static constinit std::atomic<u64> next_number_;
    Locked<Options, sync::Spin> options_;
};

}  // namespace spore::linux
