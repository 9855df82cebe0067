#include "wire/net/dhcp.hpp"

#include <algorithm>

namespace spore::wire::dhcp {

namespace {

/// Calls visit(code, bytes) for each option up to the end mark. corrupt when one leaves the part.
template <typename F>
Result<void> walk(ByteSpan part, F&& visit) {
    for (std::size_t at = 0; at < part.size();) {
        auto code = static_cast<u8>(part[at++]);
        if (code == option::pad) continue;
        if (code == option::end) break;
        if (at == part.size()) return fail(Error::corrupt);
        auto size = static_cast<u8>(part[at++]);
        if (size > part.size() - at) return fail(Error::corrupt);
        visit(code, part.subspan(at, size));
        at += size;
    }
    return {};
}

constexpr bool is_name_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/// One name of a list of compressed ones.
struct Name {
    std::size_t size = 0;  ///< characters written
    std::size_t next = 0;  ///< where the name after it begins
};
Result<Name> write_name(ByteSpan bytes, std::size_t at, std::span<char> into) {
    Name name;
    std::size_t lowest = bytes.size();  // pointers lead backwards only, so they end
    while (true) {
        if (at >= bytes.size()) return fail(Error::truncated);
        auto size = static_cast<u8>(bytes[at]);
        if (size == 0) {
            if (!name.next) name.next = at + 1;
            return name;
        }
        if (size >= 0xc0) {
            if (at + 1 >= bytes.size()) return fail(Error::truncated);
            std::size_t target = (size & 0x3fu) << 8 | static_cast<u8>(bytes[at + 1]);
            if (!name.next) name.next = at + 2;
            if (target >= std::min(at, lowest)) return fail(Error::corrupt);
            lowest = at = target;
            continue;
        }
        if (size > 63 || size > bytes.size() - at - 1) return fail(Error::corrupt);
        if (name.size + size + 1 > into.size()) return fail(Error::no_space);
        if (name.size) into[name.size++] = '.';
        for (u32 i = 0; i < size; ++i) {
            auto c = static_cast<char>(bytes[at + 1 + i]);
            if (!is_name_character(c)) return fail(Error::corrupt);
            into[name.size++] = c;
        }
        at += size + 1u;
    }
}

}  // namespace

Result<Message> Message::parse(ByteSpan bytes) {
    Message message;
    message.header_ = view_at<Header>(bytes, 0);
    if (!message.header_) return fail(Error::truncated);
    auto& header = *message.header_;
    if (header.operation != reply || header.hardware_type != ethernet || header.hardware_size != 6 || header.cookie != magic)
        return fail(Error::not_supported);
    message.parts_[0] = bytes.subspan(sizeof(Header));
    u8 overload = 0, type = 0;
    TRY(walk(message.parts_[0], [&](u8 code, ByteSpan value) {
        if (value.size() != 1) return;
        if (code == option::overload) overload = static_cast<u8>(value[0]);
        if (code == option::type) type = static_cast<u8>(value[0]);
    }));
    if (overload & 1) message.parts_[1] = std::as_bytes(std::span(header.file));
    if (overload & 2) message.parts_[2] = std::as_bytes(std::span(header.server_name));
    for (auto part : {message.parts_[1], message.parts_[2]}) TRY(walk(part, [](u8, ByteSpan) {}));
    if (type < u8(Type::discover) || type > u8(Type::inform)) return fail(Error::not_supported);
    message.type_ = static_cast<Type>(type);
    return message;
}

std::optional<ByteSpan> Message::option(u8 code, MutableByteSpan into) const {
    std::size_t size = 0;
    bool found = false, fits = true;
    for (auto part : parts_)
        (void)walk(part, [&](u8 its, ByteSpan value) {  // parse() has walked it
            if (its != code) return;
            found = true;
            if (value.size() > into.size() - size) {
                fits = false;
                return;
            }
            std::copy(value.begin(), value.end(), into.begin() + static_cast<std::ptrdiff_t>(size));
            size += value.size();
        });
    if (!found || !fits) return std::nullopt;
    return ByteSpan(into.first(size));
}

std::optional<u32> Message::number32(u8 code) const {
    std::byte bytes[4];
    auto value = option(code, bytes);
    if (!value || value->size() != 4) return std::nullopt;
    return *reinterpret_cast<const be32*>(bytes);
}
std::optional<u16> Message::number16(u8 code) const {
    std::byte bytes[2];
    auto value = option(code, bytes);
    if (!value || value->size() != 2) return std::nullopt;
    return *reinterpret_cast<const be16*>(bytes);
}

std::size_t write_names(ByteSpan bytes, std::span<char> into) {
    std::size_t written = 0;
    for (std::size_t at = 0; at < bytes.size();) {
        std::size_t space = written ? 1 : 0;
        if (into.size() - written <= space) break;
        auto name = write_name(bytes, at, into.subspan(written + space));
        if (!name) break;
        if (name->size) {
            if (space) into[written] = ' ';
            written += space + name->size;
        }
        at = name->next;
    }
    return written;
}

bool is_domain_name(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return is_name_character(c) || c == '.'; });
}

Writer::Writer(MutableByteSpan into, const Header& header) : into_(into), size_(sizeof header) {
    std::fill(into.begin(), into.end(), std::byte{});
    std::memcpy(into.data(), &header, sizeof header);
}

void Writer::option(u8 code, ByteSpan bytes) {
    if (bytes.size() > 255 || into_.size() - size_ < bytes.size() + 3) return;  // and the end mark
    into_[size_++] = std::byte{code};
    into_[size_++] = static_cast<std::byte>(bytes.size());
    std::copy(bytes.begin(), bytes.end(), into_.begin() + size_);
    size_ += static_cast<u32>(bytes.size());
}

void Writer::number32(u8 code, u32 value) {
    be32 wire;
    wire = value;
    option(code, bytes_of(wire));
}

u32 Writer::finish() {
    into_[size_++] = std::byte{option::end};
    return std::max(size_, min_size);
}

}  // namespace spore::wire::dhcp
