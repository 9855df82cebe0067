// Sockets as the system calls see them. A family (socket/family.hpp) provides classes derived from Socket; what all families have
// in common, the SOL_SOCKET options above all, is here.
#pragma once

#include <optional>

#include "kernel/fs/file.hpp"
#include "kernel/linux/small_text.hpp"
#include "kernel/linux/uapi/socket.hpp"
#include "kernel/memory/frame.hpp"
#include "kernel/net/filter.hpp"

namespace spore::linux {

/// An address of any family, as programs hand it over.
struct SocketAddress {
    static constexpr u32 limit = 128;  // struct sockaddr_storage
    u32 size = 0;
    alignas(8) std::byte bytes[limit];  ///< `size` of them mean something

    u16 family() const {
        u16 number = 0;
        if (size >= sizeof number) std::memcpy(&number, bytes, sizeof number);
        return number;
    }
    ByteSpan view() const { return std::span(bytes).first(size); }
};

/// What a program handed over as bytes, an option or a control message's body; what comes behind it is not looked at. invalid when it is too short.
template <typename T>
Result<T> value_as(ByteSpan bytes) {
    T value;
    if (bytes.size() < sizeof value) return fail(Error::invalid);
    std::memcpy(&value, bytes.data(), sizeof value);
    return value;
}

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
    ByteSpan control{};  ///< all control messages as they came, for families with levels of their own
};
/// Where control messages of a family's own go.
class ControlSink {
public:
    /// One message; sets msg_ctrunc when it finds no room.
    virtual Result<void> put(i32 level, i32 type, ByteSpan body, u32& flags) = 0;

protected:
    ~ControlSink() = default;
};
struct ReceiveRequest {
    fs::IoBuffer& data;
    u32 flags = 0;
    ControlSink* control = nullptr;  ///< null: nobody wants them
    // Results
    SocketAddress from{};
    Ancillary ancillary{};
    bool has_sender = false;
    u32 result_flags = 0;
};

/// Whether the caller may set options by which packets go another way than others' [socket(7), ip(7)].
Result<void> check_may_steer();

enum class Shut : u8 { reading = 0, writing = 1, both = 2 };

class Socket : public fs::File {
public:
    Socket(u16 family, u16 type, u16 protocol, fs::OpenMode mode) 
        : File(mode), family_(static_cast<u8>(family)), type_(static_cast<u8>(type)), protocol_(protocol) {}

    u16 family() const { return family_; }
    u16 type() const { return type_; }
    u16 protocol() const { return protocol_; }
    /// The number of the socket's inode.
    u64 number() const { return number_; }

    virtual Result<void> bind(const SocketAddress& address) = 0;
    /// not_supported where nobody connects.
    virtual Result<void> listen(i32 backlog);
    /// Waits unless the socket is nonblocking.
    virtual Result<Shared<Socket>> accept(fs::OpenMode mode);
    virtual Result<void> connect(const SocketAddress& address) = 0;
    virtual Result<u64> send(SendRequest& request) = 0;
    /// Bytes received; for messages with MSG_TRUNC, the whole length. 0 at the end.
    virtual Result<u64> receive(ReceiveRequest& request) = 0;
    virtual Result<void> shutdown(Shut how) = 0;
    virtual Result<SocketAddress> name() = 0;
    virtual Result<SocketAddress> peer_name() = 0;
    /// Who connected, for accept(): known even when the connection has ended since.
    virtual Result<SocketAddress> accepted_name() { return peer_name(); }
    /// Pages that are sent as they are, `size` bytes from `offset` of the first on. not_supported where the family cannot.
    virtual Result<u64> send_pages(std::span<const memory::FrameRef> pages, u32 offset, u64 size, u32 flags);
    /// The option's bytes, cut to the buffer; how many there are.
    virtual Result<u64> get_option(i32 level, i32 name, MutableByteSpan value);
    virtual Result<void> set_option(i32 level, i32 name, ByteSpan value);

    /// SO_GET_FILTER: how many instructions the filter has, which are copied into room for `most`; invalid when that is too little, but not 0.
    Result<u64> get_filter(VirtAddr into, u32 most) const;

    Result<u64> read(fs::IoBuffer& into) override;
    Result<u64> write(fs::IoBuffer& from) override;
    Result<fs::Stat> stat() override;
    std::string_view describe(std::span<char> buffer) override;
    fs::FileKind kind() const override { return fs::FileKind::socket; }

protected:
    /// Options that few programs set: kept apart, so that sockets stay small.
    struct Options {
        u32 send_buffer = default_buffer, receive_buffer = default_buffer;
        Duration send_timeout{}, receive_timeout{};  ///< 0: none
        i32 receive_low = 1;
        i32 linger_on = 0, linger_seconds = 0;
        i32 priority = 0, busy_poll = 0, incoming_cpu = -1;
        u32 mark = 0, interface = 0;
        u64 pacing_rate = ~u64{0};
        Shared<const net::Filter> filter;
    };
    static constexpr u32 default_buffer = 212'992;
    /// A copy of what was set, or of the defaults.
    Options options() const;
    /// no_memory.
    template <typename F>
    Result<void> change_options(F&& change) {
        TRY(ensure_options());
        Guard guard(options_lock_);
        change(*options_);
        return {};
    }
    /// Who gets what comes to a port that several sockets share (SO_ATTACH_REUSEPORT_CBPF); null: nobody says. invalid where none is shared, not_found when
    /// nobody says already.
    virtual Result<void> set_chooser(Shared<const net::Filter>) { return fail(Error::invalid); }
    /// When a message came, where the program wants to be told (SO_TIMESTAMP, SO_TIMESTAMPNS).
    Result<void> put_timestamp(ReceiveRequest& request, Instant at) const;
    /// How much the socket has lost, where the program wants to be told and there is something to tell (SO_RXQ_OVFL).
    Result<void> put_drops(ReceiveRequest& request, u32 drops) const;
    /// Those that are only on or off, by number.
    bool is_on(SocketOption option) const { return switches_.load(std::memory_order_relaxed) >> option & 1; }
    /// An accepted socket begins as its listener is.
    Result<void> inherit(const Socket& listener);
    /// SO_ERROR: the error that came by itself; reading clears it.
    virtual i32 take_error() { return 0; }
    virtual bool listening() { return false; }
    /// Whether a send can do without a copy of the program's pages, and tell when it does not need them any more (SO_ZEROCOPY).
    virtual bool borrows_pages() const { return false; }
    /// Whether a peek can begin further on (SO_PEEK_OFF).
    virtual bool peeks_further_on() const { return false; }
    /// How many of the bytes that wait a peek leaves out; no number where none was ever set.
    std::optional<u64> peek_offset(bool peek) const {
        i32 offset = peek_offset_.load(std::memory_order_relaxed);
        return peek && offset >= 0 ? std::optional<u64>(offset) : std::nullopt;
    }
    /// So many bytes were received, or peeked at: the next peek begins as much nearer, or further on.
    void move_peek_offset(bool peek, u64 size);
    /// One of SOL_SOCKET was set: families pass on what means something to them.
    virtual Result<void> option_set(i32) { return {}; }
    /// When a send or receive with these flags gives up: at once, never, or after the socket's timeout.
    Instant send_deadline(u32 flags) const { return is_nonblocking(flags) ? Instant{} : deadline(&Options::send_timeout); }
    Instant receive_deadline(u32 flags) const { return is_nonblocking(flags) ? Instant{} : deadline(&Options::receive_timeout); }
    bool is_nonblocking(u32 flags) const { return mode_.nonblocking || (flags & msg_dontwait); }

private:
    Result<void> ensure_options();
    Instant deadline(Duration Options::*timeout) const;
    Result<void> set_number(i32 name, i32 value);
    Result<void> set_filter(i32 name, ByteSpan value);
    u8 family_, type_;
    u16 protocol_;
    std::atomic<i32> peek_offset_ = -1;  ///< below 0: none
    mutable sync::Spin options_lock_;
    std::atomic<bool> has_options_ = false;
    std::atomic<u64> switches_ = 0;
    u64 number_ = next_number_.fetch_add(1, std::memory_order_relaxed);
    Owned<Options> options_;
    static constinit std::atomic<u64> next_number_;
};

}  // namespace spore::linux
