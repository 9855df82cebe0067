// A string copied out of a program, and arrays on the heap: sized once, allocation may fail.
#pragma once

#include <algorithm>
#include <span>
#include <string_view>

#include "base/owned.hpp"

namespace spore::linux {

/// An array on the heap of a size fixed when it is made.
template <typename T>
class HeapArray {
public:
    constexpr HeapArray() = default;
    HeapArray(HeapArray&& other) noexcept : items_(std::exchange(other.items_, nullptr)), size_(std::exchange(other.size_, 0)) {}
    HeapArray& operator=(HeapArray&& other) noexcept {
        std::swap(items_, other.items_);
        std::swap(size_, other.size_);
        return *this;
    }
    ~HeapArray() { delete[] items_; }

    /// `size` value-initialised items.
    static Result<HeapArray> create(std::size_t size) {
        HeapArray array;
        if (size > max_size) return fail(Error::no_memory);
        array.items_ = new (std::nothrow) T[size]{};
        if (!array.items_) return fail(Error::no_memory);
        array.size_ = size;
        return array;
    }

    T* data() const { return items_; }
    std::size_t size() const { return size_; }
    T& operator[](std::size_t index) const { return items_[index]; }
    T* begin() const { return items_; }
    T* end() const { return items_ + size_; }
    std::span<T> span() const { return {items_, size_}; }

private:
    static constexpr std::size_t max_size = (std::size_t{1} << 40) / sizeof(T);
    T* items_ = nullptr;
    std::size_t size_ = 0;
};

/// Characters that end with a zero; short ones lie inside the object.
class SmallText {
public:
    constexpr SmallText() { inside_[0] = 0; }
    SmallText(SmallText&&) = default;
    SmallText& operator=(SmallText&&) = default;

    /// Room for `size` characters and the zero.
    static Result<SmallText> create(std::size_t size) {
        SmallText text;
        text.size_ = size;
        if (size >= sizeof text.inside_) text.heap_ = TRY(HeapArray<char>::create(size + 1));
        text.data()[size] = 0;
        return text;
    }
    static Result<SmallText> of(std::string_view from) {
        SmallText text = TRY(create(from.size()));
        std::copy(from.begin(), from.end(), text.data());
        return text;
    }

    char* data() { return heap_.size() ? heap_.data() : inside_; }
    const char* data() const { return heap_.size() ? heap_.data() : inside_; }
    std::size_t size() const { return size_; }
    bool empty() const { return size_ == 0; }
    std::string_view view() const { return {data(), size_}; }
    operator std::string_view() const { return view(); }
    /// Forgets what is beyond `size`.
    void shorten(std::size_t size) { size_ = size, data()[size] = 0; }

private:
    HeapArray<char> heap_;
    std::size_t size_ = 0;
    char inside_[104];  // what lies behind the zero is nobody's
};

}  // namespace spore::linux
