#include "kernel/linux/user.hpp"

#include <cstring>

namespace spore::linux {

Result<SmallText> UserString::read(std::size_t limit) const {
    auto length = TRY(arch::program_string_length(at, limit));
    auto text = TRY(SmallText::create(length));
    TRY(arch::copy_from_program(text.data(), at, length));
    // Another thread may have shortened it since it was measured.
    text.shorten(strnlen(text.data(), length));
    return text;
}

}  // namespace spore::linux
