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
Status status_in(ByteSpan options) {
    auto status = find(options, option::status);
    if (!status) return Status::success;
    return status->size() < 2 ? Status::unspecified_failure : static_cast<Status>(u16{*reinterpret_cast<const be16*>(status->data())});
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

ByteSpan Message::association(u32 identity) const {
    ByteSpan found;
    (void)for_each_option(options_, [&](u16 code, ByteSpan value) {  // parse() has walked them
        const auto* association = view_at<IdentityAssociation>(value, 0);
        if (code == option::ia_na && found.empty() && association && association->identity == identity) found = value;
    });
    return found;
}

Status Message::status(u32 identity) const {
    auto of_all = status_in(options_);
    auto value = association(identity);
    return of_all != Status::success || value.empty() ? of_all : status_in(value.subspan(sizeof(IdentityAssociation)));
}

Result<Grant> Message::grant(u32 identity) const {
    if (status(identity) != Status::success) return fail(Error::not_found);
    auto value = association(identity);
    if (value.empty()) return fail(Error::no_data);
    const auto* association = view_at<IdentityAssociation>(value, 0);
    u32 renew = association->renew, rebind = association->rebind;
    // A client takes times that contradict each other for no association, or no address [RFC 8415 21.4, 21.6].
    if (renew && rebind && renew > rebind) return fail(Error::no_data);
    Result<Grant> grant = fail(Error::no_data);
    auto walked = for_each_option(value.subspan(sizeof *association), [&](u16 code, ByteSpan bytes) {
        const auto* address = view_at<AddressOption>(bytes, 0);
        if (code != option::ia_address || grant || !address || address->preferred > address->valid) return;
        if (address->valid == 0 || status_in(bytes.subspan(sizeof *address)) != Status::success) {
            grant = fail(Error::not_found);  // taken back, and another may follow that replaces it [18.2.10.1]
            return;
        }
        grant = Grant{.address = {}, .preferred = address->preferred, .valid = address->valid, .renew = renew, .rebind = rebind};
        std::memcpy(grant->address.data(), address->address, sizeof address->address);
    });
    if (!walked) return fail(Error::no_data);
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
