#include "wire/net/dhcp6.hpp"

namespace spore::wire::dhcp6 {

namespace {

std::optional<ByteSpan> find(ByteSpan options, u16 wanted) {
    std::optional<ByteSpan> found;
    (void)for_each_option(options, [&](u16 code, ByteSpan value) {  // what goes wrong behind it does not matter to the first one
        if (code == wanted && !found) found = value;
    });
    return found;
}

/// No status option means success [RFC 8415 21.13].
bool refused(ByteSpan options) {
    auto status = find(options, option::status);
    return status && (status->size() < 2 || *reinterpret_cast<const be16*>(status->data()) != 0);
}

}  // namespace

Result<Message> Message::parse(ByteSpan bytes) {
    Message message;
    message.header_ = view_at<Header>(bytes, 0);
    if (!message.header_) return fail(Error::truncated);
    message.options_ = bytes.subspan(sizeof(Header));
    TRY(for_each_option(message.options_, [](u16, ByteSpan) {}));
    return message;
}

std::optional<ByteSpan> Message::option(u16 code) const { return find(options_, code); }

Result<Grant> Message::grant(u32 identity) const {
    if (refused(options_)) return fail(Error::not_found);
    ByteSpan inner;
    Grant grant;
    bool found = false;
    (void)for_each_option(options_, [&](u16 code, ByteSpan value) {  // parse() has walked them
        const auto* association = view_at<IdentityAssociation>(value, 0);
        if (code != option::ia_na || found || !association || association->identity != identity) return;
        found = true;
        grant.renew = association->renew;
        grant.rebind = association->rebind;
        inner = value.subspan(sizeof *association);
    });
    if (!found || refused(inner)) return fail(Error::not_found);
    TRY(for_each_option(inner, [](u16, ByteSpan) {}));
    auto value = find(inner, option::ia_address);
    if (!value) return fail(Error::not_found);
    const auto* address = view_at<AddressOption>(*value, 0);
    // A client drops times that contradict each other [RFC 8415 21.6, 21.4].
    if (!address || address->preferred > address->valid || (grant.renew && grant.rebind && grant.renew > grant.rebind)) return fail(Error::corrupt);
    if (refused(value->subspan(sizeof *address)) || address->valid == 0) return fail(Error::not_found);
    std::memcpy(grant.address.data(), address->address, sizeof address->address);
    grant.preferred = address->preferred;
    grant.valid = address->valid;
    return grant;
}

Writer::Writer(MutableByteSpan into, Type type, u32 transaction) : into_(into) {
    const Header header{static_cast<u8>(type), {static_cast<u8>(transaction >> 16), static_cast<u8>(transaction >> 8), static_cast<u8>(transaction)}};
    std::memcpy(into_.data(), &header, sizeof header);
}

std::size_t Writer::begin(u16 code, ByteSpan bytes) {
    auto begun = size_;
    reinterpret_cast<Option*>(into_.data() + size_)->code = code;
    size_ += sizeof(Option);
    if (!bytes.empty()) std::memcpy(into_.data() + size_, bytes.data(), bytes.size());
    size_ += bytes.size();
    return begun;
}
void Writer::end(std::size_t begun) { reinterpret_cast<Option*>(into_.data() + begun)->size = static_cast<u16>(size_ - begun - sizeof(Option)); }
void Writer::option(u16 code, ByteSpan bytes) { end(begin(code, bytes)); }

}  // namespace spore::wire::dhcp6
