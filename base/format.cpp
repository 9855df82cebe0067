#include "base/format.hpp"

#include <algorithm>
#include <cstring>

namespace spore::detail {
namespace {

class Writer {
public:
    explicit Writer(std::span<char> buffer) : buffer_(buffer) {}

    void put(std::string_view text) {
        auto room = std::min(text.size(), buffer_.size() - used_);
        std::memcpy(buffer_.data() + used_, text.data(), room);
        used_ += room;
    }
    void put_number(u64 number, unsigned base) {
        char digits[20];
        auto* at = digits + sizeof digits;
        do *--at = "0123456789abcdef"[number % base];
        while (number /= base);
        put({at, static_cast<std::size_t>(digits + sizeof digits - at)});
    }
    std::string_view written() const { return {buffer_.data(), used_}; }

private:
    std::span<char> buffer_;
    std::size_t used_ = 0;
};

void put_argument(Writer& writer, const FormatArgument& argument, bool hexadecimal) {
    using Kind = FormatArgument::Kind;
    switch (argument.kind) {
    case Kind::text: return writer.put(argument.text);
    case Kind::boolean: return writer.put(argument.number ? "true" : "false");
    case Kind::character: {
        char c = static_cast<char>(argument.number);
        return writer.put({&c, 1});
    }
    case Kind::address: writer.put("0x"); return writer.put_number(argument.number, 16);
    case Kind::signed_number:
        if (!hexadecimal && static_cast<i64>(argument.number) < 0) {
            writer.put("-");
            return writer.put_number(0 - argument.number, 10);
        }
        [[fallthrough]];
    case Kind::unsigned_number: return writer.put_number(argument.number, hexadecimal ? 16 : 10);
    }
}

}  // namespace

std::string_view format_arguments(std::span<char> buffer, std::string_view format, std::span<const FormatArgument> arguments) {
    Writer writer(buffer);
    while (true) {
        auto field = format.find('{');
        writer.put(format.substr(0, field));
        if (field == format.npos || arguments.empty()) return writer.written();
        format.remove_prefix(field);
        bool hexadecimal = format.starts_with("{:x}");
        format.remove_prefix(hexadecimal ? 4 : 2);
        put_argument(writer, arguments.front(), hexadecimal);
        arguments = arguments.subspan(1);
    }
}

}  // namespace spore::detail
