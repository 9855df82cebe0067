#include "kernel/linux/core_file/name.hpp"

#include <algorithm>

#include "base/format.hpp"

namespace spore::linux {

namespace {

class Name {
public:
    explicit Name(std::span<char> buffer) : buffer_(buffer) {}

    void put(std::string_view text) {
        if (text.size() > buffer_.size() - used_) fits_ = false, text = {};
        used_ += text.copy(buffer_.data() + used_, text.size());
    }
    void put(auto number) {
        char digits[24];
        put(format_to(digits, "{}", number));
    }
    /// What programs name themselves leads to no other folder.
    void put_part(std::string_view text) {
        std::size_t start = used_;
        put(text.empty() ? "!" : text);
        auto part = buffer_.subspan(start, used_ - start);
        if (text == "." || text == "..") part[0] = '!';
        std::ranges::replace(part, '/', '!');
    }
    Result<std::string_view> finish() const {
        if (!fits_) return fail(Error::name_too_long);
        return std::string_view(buffer_.data(), used_);
    }

private:
    std::span<char> buffer_;
    std::size_t used_ = 0;
    bool fits_ = true;
};

}  // namespace

Result<std::string_view> core_name(std::string_view pattern, const CoreFacts& facts, bool uses_pid, std::span<char> buffer) {
    Name name(buffer);
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        if (pattern[i] != '%') {
            name.put(pattern.substr(i, 1));
            continue;
        }
        if (++i == pattern.size()) break;  // as Linux: nothing for a '%' at the end, or before what it does not know
        switch (pattern[i]) {
        case '%': name.put("%"); break;
        case 'p': uses_pid = false; [[fallthrough]];
        case 'P': name.put(facts.process); break;
        case 'i':
        case 'I': name.put(facts.task); break;
        case 'u': name.put(facts.uid); break;
        case 'g': name.put(facts.gid); break;
        case 'd': name.put(facts.dumpable); break;
        case 's': name.put(facts.signal); break;
        case 't': name.put(facts.seconds); break;
        case 'c': name.put(facts.limit); break;
        case 'h': name.put_part(facts.host); break;
        case 'e': name.put_part(facts.name); break;
        case 'f': name.put_part(facts.path.substr(facts.path.rfind('/') + 1)); break;
        case 'E': name.put_part(facts.path); break;
        default: break;
        }
    }
    if (uses_pid) name.put("."), name.put(facts.process);
    return name.finish();
}

}  // namespace spore::linux
