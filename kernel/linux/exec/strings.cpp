#include "kernel/linux/exec/strings.hpp"

#include <algorithm>

namespace spore::linux {

Result<char*> StringBlock::grow(std::size_t size) {
    if (used_ + size > bytes_.size()) {
        if (used_ + size > most_string_bytes) return fail(Error::argument_list_too_long);
        auto larger = TRY(HeapArray<char>::create(std::clamp<std::size_t>(bytes_.size() * 2, std::max<std::size_t>(used_ + size, 256), most_string_bytes)));
        std::copy_n(bytes_.data(), used_, larger.data());
        bytes_ = std::move(larger);
    }
    char* at = bytes_.data() + used_;
    used_ += size;
    return at;
}

Result<void> StringBlock::add(std::string_view text) {
    char* at = TRY(grow(text.size() + 1));
    std::copy(text.begin(), text.end(), at);
    at[text.size()] = 0;
    ++count_;
    return {};
}

Result<void> StringBlock::add_from_program(VirtAddr pointers, std::size_t limit) {
    if (pointers.value == 0) return {};  // Linux takes a null array for an empty one
    UserIn<u64> array{pointers};
    for (u64 index = 0;; ++index) {
        VirtAddr string{TRY(array.read(index))};
        if (string.value == 0) return {};
        constexpr std::size_t string_limit = 128_KiB;  // MAX_ARG_STRLEN
        auto length = arch::program_string_length(string, string_limit);
        if (!length) return fail(length.error() == Error::name_too_long ? Error::argument_list_too_long : length.error());
        if (used_ + *length + 1 + (count_ + 1) * sizeof(u64) > limit) return fail(Error::argument_list_too_long);
        char* at = TRY(grow(*length + 1));
        TRY(arch::copy_from_program(at, string, *length));
        at[*length] = 0;
        used_ = static_cast<std::size_t>(at - bytes_.data()) + strnlen(at, *length) + 1;  // another thread may have shortened it
        ++count_;
    }
}

Result<void> StringBlock::add_all(const StringBlock& other, u32 skip) {
    auto rest = other.bytes();
    for (u32 i = 0; i < other.count_; ++i) {
        auto text = rest.substr(0, rest.find('\0'));
        rest.remove_prefix(text.size() + 1);
        if (i >= skip) TRY(add(text));
    }
    return {};
}

}  // namespace spore::linux
