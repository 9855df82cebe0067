#include "kernel/fs/attribute_list.hpp"

namespace spore::fs {

AttributeList::~AttributeList() {
    while (first_) first_ = std::move(first_->next);
}

AttributeList::Item* AttributeList::find(std::string_view name) const {
    auto* item = first_.get();
    while (item && item->name.view() != name) item = item->next.get();
    return item;
}

Result<u64> AttributeList::get(std::string_view name, MutableByteSpan value) const {
    auto* item = find(name);
    if (!item) return fail(Error::no_data);
    auto size = item->value.size();
    if (value.empty()) return size;
    if (size > value.size()) return fail(Error::out_of_range);
    if (size != 0) std::memcpy(value.data(), item->value.view().data(), size);
    return size;
}

Result<void> AttributeList::set(std::string_view name, ByteSpan value, bool create, bool replace) {
    auto* item = find(name);
    if (item && create) return fail(Error::exists);
    if (!item && replace) return fail(Error::no_data);
    auto copy = TRY(Text::copy(value));
    if (item) {
        item->value = std::move(copy);
        return {};
    }
    auto made = TRY(make_owned<Item>());
    made->name = TRY(Text::copy(name));
    made->value = std::move(copy);
    made->next = std::move(first_);
    first_ = std::move(made);
    return {};
}

Result<u64> AttributeList::list(MutableByteSpan names) const {
    u64 size = 0;
    for (auto* item = first_.get(); item; item = item->next.get()) {
        auto name = item->name.view();
        if (!names.empty()) {
            if (size + name.size() + 1 > names.size()) return fail(Error::out_of_range);
            std::memcpy(names.data() + size, name.data(), name.size());
            names[size + name.size()] = std::byte{0};
        }
        size += name.size() + 1;
    }
    return size;
}

u64 AttributeList::bytes() const {
    u64 size = 0;
    for (auto* item = first_.get(); item; item = item->next.get()) size += sizeof(Item) + item->name.size() + item->value.size();
    return size;
}

u64 AttributeList::bytes_with(std::string_view name, u64 value_size) const {
    auto* item = find(name);
    return bytes() + value_size - (item ? item->value.size() : 0) + (item ? 0 : sizeof(Item) + name.size());
}

Result<void> AttributeList::remove(std::string_view name) {
    for (auto* at = &first_; *at; at = &(*at)->next)
        if ((*at)->name.view() == name) {
            auto rest = std::move((*at)->next);
            *at = std::move(rest);
            return {};
        }
    return fail(Error::no_data);
}

}  // namespace spore::fs
