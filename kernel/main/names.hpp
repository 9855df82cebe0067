// The names in a folder as a text, each with an end of its own, as many as there is room for.
#pragma once

#include <span>

#include "kernel/fs/file.hpp"

namespace spore::main {

class Names final : public fs::DirectorySink {
public:
    Names(std::span<char> into, char end) : into_(into), end_(end) {}
    bool entry(std::string_view name, u64, fs::FileType, u64) override {
        if (name.size() + 1 > into_.size() - size_) return false;
        name.copy(into_.data() + size_, name.size());
        size_ += name.size();
        into_[size_++] = end_;
        return true;
    }
    std::string_view view() const { return {into_.data(), size_}; }

private:
    std::span<char> into_;
    char end_;
    std::size_t size_ = 0;
};

}  // namespace spore::main
