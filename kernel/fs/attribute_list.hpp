// Extended attributes kept in memory, as a list: files have a handful at most.
#pragma once

#include "base/owned.hpp"
#include "base/text.hpp"

namespace spore::fs {

class AttributeList {
public:
    constexpr AttributeList() = default;
    AttributeList(const AttributeList&) = delete;
    ~AttributeList();

    Result<u64> get(std::string_view name, MutableByteSpan value) const;
    Result<void> set(std::string_view name, ByteSpan value, bool create, bool replace);
    Result<u64> list(MutableByteSpan names) const;
    Result<void> remove(std::string_view name);
    /// What all take of memory; and what they would, were this one's value of such a size.
    u64 bytes() const;
    u64 bytes_with(std::string_view name, u64 value_size) const;

private:
    struct Item {
        Text name, value;
        Owned<Item> next;
    };
    Item* find(std::string_view name) const;
    Owned<Item> first_;
};

}  // namespace spore::fs
