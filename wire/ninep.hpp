// Messages of 9P2000.L, by which a folder of the host is shared [Linux fs/9p, "9P2000.L" of diod's protocol.md; strings and numbers as 9P2000's
// intro(5)]. A message is its size, type and tag, then fields in little-endian order; a string is two bytes of length and its characters.
#pragma once

#include <algorithm>
#include <string_view>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace spore::wire::ninep {

/// Of requests; a reply's is one more.
enum class Type : u8 {
    error = 6,  ///< in replies only
    statfs = 8, open = 12, create = 14, symlink = 16, mknod = 18, rename = 20, readlink = 22, get_attributes = 24, set_attributes = 26,
    find_xattr = 30, create_xattr = 32, read_directory = 40, sync = 50, link = 70, make_directory = 72, rename_at = 74, unlink_at = 76,
    version = 100, attach = 104, walk = 110, read = 116, write = 118, clunk = 120, remove = 122,
};

struct Header {
    le32 size;  ///< of the message, these bytes included
    u8 type;
    le16 tag;
};
static_assert(sizeof(Header) == 7 && alignof(Header) == 1);

inline constexpr std::string_view protocol = "9P2000.L";
inline constexpr u16 no_tag = 0xffff;     ///< of version
inline constexpr u32 no_fid = 0xffff'ffff;
inline constexpr u32 no_user = 0xffff'ffff;
/// A reply to read, before its data; as long as an error's.
inline constexpr u32 read_reply_size = sizeof(Header) + 4;
inline constexpr u32 write_request_size = sizeof(Header) + 16;

/// What a file is known by on the server.
struct Qid {
    static constexpr u8 directory = 0x80, link = 0x02;
    u8 type = 0;
    u32 version = 0;
    u64 path = 0;
};

namespace open_flag {  // Linux's, of the generic system-call table
inline constexpr u32 read_only = 0, write_only = 1, read_write = 2, create = 0100, exclusive = 0200, directory = 0200000, no_follow = 0400000;
}
inline constexpr u32 unlink_directory = 0x200;

/// Fields that set_attributes is to change.
namespace change {
inline constexpr u32 mode = 1, uid = 2, gid = 4, size = 8, accessed = 16, modified = 32, set_accessed = 128, set_modified = 256;
}

struct Time {
    u64 seconds = 0, nanoseconds = 0;
};
struct Attributes {
    Qid qid;
    u32 mode = 0, uid = 0, gid = 0;
    u64 links = 0, device = 0, size = 0, block_size = 0, blocks = 0;
    Time accessed, modified, changed;
};
struct FileSystemAttributes {
    u32 type = 0, block_size = 0;
    u64 blocks = 0, free = 0, available = 0, files = 0, free_files = 0, id = 0;
    u32 name_limit = 0;
};
struct DirectoryRecord {
    Qid qid;
    u64 next = 0;  ///< where to go on behind it
    u8 type = 0;   ///< as dirent's d_type
    std::string_view name;
};

/// Writes a message's fields one after another. What does not fit is left away, which finish() tells.
class Writer {
public:
    Writer(MutableByteSpan buffer, Type type, u16 tag);
    Writer& number(std::unsigned_integral auto value) {
        Little<decltype(value)> stored{};
        stored = value;
        return bytes(bytes_of(stored));
    }
    Writer& text(std::string_view value);
    /// The message, of which `following` bytes lie elsewhere. name_too_long when there was no room.
    Result<ByteSpan> finish(u32 following = 0);

private:
    Writer& bytes(ByteSpan value);
    MutableByteSpan buffer_;
    std::size_t used_ = 0;
    bool full_ = false;
};

/// Takes fields off a message. Beyond its end they are zero, which check() tells.
class Reader {
public:
    Reader() = default;
    explicit Reader(ByteSpan fields) : rest_(fields) {}
    /// The fields of the reply to a request of this type and tag. What the server says went wrong; protocol for what is no such reply.
    static Result<Reader> reply(ByteSpan message, Type type, u16 tag);

    template <std::unsigned_integral T>
    T number() {
        Little<T> stored{};
        if (auto part = take(sizeof stored); !part.empty()) std::memcpy(&stored, part.data(), sizeof stored);
        return stored;
    }
    /// Lies in the message.
    std::string_view text();
    ByteSpan bytes(u32 size) { return take(size); }
    Qid qid();
    Attributes attributes();
    FileSystemAttributes file_system();
    DirectoryRecord directory_record();
    bool empty() const { return rest_.empty(); }
    Result<void> check() const {
        if (short_) return fail(Error::protocol);
        return {};
    }

private:
    ByteSpan take(std::size_t size);
    Time time() { auto seconds = number<u64>(); return {seconds, number<u64>()}; }
    ByteSpan rest_;
    bool short_ = false;
};

/// Whether a server may name a file so.
constexpr bool is_name(std::string_view text) {
    return !text.empty() && text.size() <= 255 && text != "." && text != ".." && std::ranges::none_of(text, [](char c) { return c == '/' || c == '\0'; });
}

}  // namespace spore::wire::ninep
