// Netlink messages as they are written: a header, a fixed part, attributes; several of them in one datagram.
#pragma once

#include "base/list.hpp"
#include "base/owned.hpp"
#include "kernel/linux/small_text.hpp"
#include "kernel/linux/uapi/netlink.hpp"
#include "kernel/net/address.hpp"

namespace spore::linux::netlink {

constexpr u64 aligned(u64 size) { return align_up(size, 4); }

/// One message. What does not fit is left out whole: no message here comes near the limit.
class Message {
public:
    Message(u16 type, u16 flags, const NetlinkHeader& request, u32 port)
        : header_{.size = 0, .type = type, .flags = flags, .sequence = request.sequence, .port = port} {}

    template <typename T>
    void put(const T& part) { append(bytes_of(part)); }
    void attribute(u16 type, ByteSpan value) {
        if (size_ + aligned(sizeof(RouteAttribute) + value.size()) > limit) return;
        put(RouteAttribute{static_cast<u16>(sizeof(RouteAttribute) + value.size()), type});
        append(value);
    }
    template <typename T>
        requires std::is_trivially_copyable_v<T> && (!std::is_convertible_v<T, ByteSpan>)
    void attribute(u16 type, const T& value) { attribute(type, bytes_of(value)); }
    /// A text with its zero.
    void text(u16 type, const char* value) { attribute(type, std::as_bytes(std::span(value, std::strlen(value) + 1))); }
    void address(u16 type, const net::IpAddress& value) { attribute(type, value.wire_bytes()); }

    ByteSpan finish() {
        header_.size = size_;
        std::memcpy(bytes_, &header_, sizeof header_);
        return {bytes_, size_};
    }

private:
    static constexpr u32 limit = 1024;
    void append(ByteSpan part) {
        if (size_ + aligned(part.size()) > limit) return;
        std::memcpy(bytes_ + size_, part.data(), part.size());
        std::memset(bytes_ + size_ + part.size(), 0, aligned(part.size()) - part.size());
        size_ += static_cast<u32>(aligned(part.size()));
    }
    NetlinkHeader header_;
    u32 size_ = sizeof(NetlinkHeader);
    std::byte bytes_[limit];
};

struct Datagram {
    /// Small enough for programs that read into one page.
    static constexpr u32 capacity = 4096;
    HeapArray<std::byte> bytes;
    u32 size = 0;
    ListLink<Datagram> link;
};

/// Answers on their way to the program.
class Answers {
public:
    ~Answers() {
        while (auto* first = list.pop_front()) delete first;
    }
    /// no_memory.
    Result<void> add(ByteSpan message) {
        auto* last = list.last();
        if (!last || last->size + message.size() > Datagram::capacity) {
            auto fresh = TRY(make_owned<Datagram>());
            fresh->bytes = TRY(HeapArray<std::byte>::create(Datagram::capacity));
            last = fresh.release();
            list.push_back(*last);
        }
        std::memcpy(last->bytes.data() + last->size, message.data(), message.size());
        last->size += static_cast<u32>(message.size());
        return {};
    }
    List<Datagram, &Datagram::link> list;
};

/// A request, checked: its header, and the bytes behind it.
struct Request {
    NetlinkHeader header;
    ByteSpan body;
    u32 port;  ///< whom the answers are for

    /// Linux looks for either of the two bits (rtnetlink_rcv_msg), and snmpd sets one.
    bool dump() const { return (header.flags & netlink_dump) != 0; }
    u8 family() const { return body.empty() ? 0 : static_cast<u8>(body[0]); }
    /// The value of an attribute behind a fixed part of this size; empty when it is not there.
    ByteSpan attribute(u64 fixed, u16 type) const;
    Message answer(u16 type) const { return Message(type, dump() ? netlink_multi : 0, header, port); }
};

// What each kind of request is answered with.
Result<void> answer_links(const Request& request, Answers& answers);
Result<void> answer_addresses(const Request& request, Answers& answers);
Result<void> answer_routes(const Request& request, Answers& answers);
Result<void> answer_rules(const Request& request, Answers& answers);
Result<void> answer_neighbours(const Request& request, Answers& answers);
Result<void> answer_sockets(const Request& request, Answers& answers);

}  // namespace spore::linux::netlink
