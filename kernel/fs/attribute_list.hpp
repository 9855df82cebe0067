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
    /// Calls visit(name, value) for each, as long as that succeeds.
    template <typename F>
    Result<void> for_each(F visit) const {
        for (auto* item = first_.get(); item; item = item->next.get()) TRY(visit(item->name.view(), std::as_bytes(std::span(item->value.view()))));
        return {};
    }
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
