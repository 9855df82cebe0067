// A string on the heap with one owner: names, link targets, attribute values. Allocation can fail, so it is made by copy().
#pragma once

#include <cstring>
#include <new>
#include <string_view>
#include <utility>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace spore {

class Text {
public:
    constexpr Text() = default;
    static Result<Text> copy(std::string_view from) {
        Text text;
        if (from.empty()) return text;
        text.data_ = new (std::nothrow) char[from.size()];
        if (!text.data_) return fail(Error::no_memory);
        text.size_ = from.size();
        std::memcpy(text.data_, from.data(), from.size());
        return text;
    }
    static Result<Text> copy(ByteSpan from) { return copy({reinterpret_cast<const char*>(from.data()), from.size()}); }
    /// `size` bytes for the caller to fill.
    static Result<Text> reserve(std::size_t size) {
        Text text;
        text.data_ = new (std::nothrow) char[size ? size : 1];
        if (!text.data_) return fail(Error::no_memory);
        text.size_ = size;
        return text;
    }
    Text(Text&& other) noexcept : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
    Text& operator=(Text&& other) noexcept {
        std::swap(data_, other.data_);
        std::swap(size_, other.size_);
        return *this;
    }
    ~Text() { delete[] data_; }

    std::string_view view() const { return {data_, size_}; }
    std::span<char> buffer() { return {data_, size_}; }
    std::size_t size() const { return size_; }
    bool empty() const { return size_ == 0; }

private:
    char* data_ = nullptr;
    std::size_t size_ = 0;
};

}  // namespace spore
