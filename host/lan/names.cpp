#include "host/lan/names.hpp"

#include <algorithm>
#include <cctype>
#include <cstring>

#include "host/common/letters.hpp"
#include "host/lan/addresses.hpp"
#include "wire/net/checksum.hpp"
#include "wire/net/ethernet.hpp"
#include "wire/net/ipv4.hpp"
#include "wire/net/udp.hpp"

namespace spore::host::lan {

namespace {

constexpr u16 name_server_port = 53;

struct MessageHeader {
    be16 identifier, flags, questions, answers, authorities, additional;
};
static_assert(sizeof(MessageHeader) == 12 && alignof(MessageHeader) == 1);

enum Flags : u16 { response = 0x8000, operation = 0x7800, authoritative = 0x0400, recursion_desired = 0x0100, recursion_available = 0x0080 };
enum class Type : u16 { ipv4 = 1, pointer = 12 };
constexpr u16 class_internet = 1;
/// Where a name is that the question has named: the first of a message [RFC 1035 4.1.4].
constexpr u16 the_questions_name = 0xc000 | sizeof(MessageHeader);
constexpr u32 seconds_to_keep = 5;  // members come and go

struct Question {
    std::string name;  ///< in small letters
    Type type;
    std::size_t size;  ///< in the message
};

std::optional<Question> parse_question(ByteSpan bytes) {
    Question question{};
    std::size_t at = 0;
    while (true) {
        if (at >= bytes.size()) return std::nullopt;
        auto size = static_cast<std::size_t>(bytes[at++]);
        if (size == 0) break;
        constexpr std::size_t longest_label = 63, longest_name = 255;
        if (size > longest_label || size > bytes.size() - at || question.name.size() > longest_name) return std::nullopt;
        if (!question.name.empty()) question.name += '.';
        for (auto character : bytes.subspan(at, size)) question.name += small_letter(static_cast<char>(character));
        at += size;
    }
    const auto* end = view_at<std::array<be16, 2>>(bytes, at);
    if (!end || (*end)[1] != class_internet) return std::nullopt;
    question.type = static_cast<Type>(u16{(*end)[0]});
    question.size = at + sizeof *end;
    return question;
}

template <typename T>
    requires std::is_trivially_copyable_v<T>
void append(std::vector<std::byte>& to, const T& value) {
    auto bytes = std::as_bytes(std::span(&value, 1));
    to.insert(to.end(), bytes.begin(), bytes.end());
}
void append(std::vector<std::byte>& to, ByteSpan bytes) { to.insert(to.end(), bytes.begin(), bytes.end()); }

be16 big16(u16 value) {
    be16 big;
    big = value;
    return big;
}
be32 big32(u32 value) {
    be32 big;
    big = value;
    return big;
}

std::vector<std::byte> labels_of(std::string_view name) {
    std::vector<std::byte> labels;
    while (!name.empty()) {
        auto label = name.substr(0, name.find('.'));
        labels.push_back(static_cast<std::byte>(label.size()));
        append(labels, std::as_bytes(std::span(label)));
        name.remove_prefix(std::min(name.size(), label.size() + 1));
    }
    labels.push_back({});
    return labels;
}

std::string name_of_address(unsigned number) { return fmt::format("{}.2.0.10.in-addr.arpa", number); }

/// Back to who asked, from the card and port that were asked.
std::vector<std::byte> reply_frame(const wire::ethernet::Header& ethernet, const wire::ipv4::Header& ip, const wire::udp::Header& udp, ByteSpan message) {
    wire::ethernet::Header ethernet_back = ethernet;
    std::memcpy(ethernet_back.destination, ethernet.source, sizeof ethernet.source);
    std::memcpy(ethernet_back.source, ethernet.destination, sizeof ethernet.source);
    auto udp_size = static_cast<u16>(sizeof(wire::udp::Header) + message.size());
    wire::udp::Header udp_back{};
    udp_back.source_port = udp.destination_port, udp_back.destination_port = udp.source_port, udp_back.size = udp_size;
    wire::ipv4::Header ip_back{};
    ip_back.version_and_size = 0x45, ip_back.hop_limit = 64, ip_back.protocol = wire::udp::protocol;
    ip_back.total_size = static_cast<u16>(sizeof ip_back + udp_size);
    ip_back.source = ip.destination, ip_back.destination = ip.source;
    ip_back.checksum = wire::checksum_of(std::as_bytes(std::span(&ip_back, 1)));
    wire::InternetSum sum;
    sum.add(u32{ip_back.source}), sum.add(u32{ip_back.destination}), sum.add(u16{wire::udp::protocol}), sum.add(udp_size);
    sum.add(std::as_bytes(std::span(&udp_back, 1))), sum.add(message);
    udp_back.checksum = sum.checksum() ? sum.checksum() : u16{0xffff};
    std::vector<std::byte> frame;
    append(frame, ethernet_back), append(frame, ip_back), append(frame, udp_back), append(frame, message);
    return frame;
}

}  // namespace

bool Names::add(const std::string& name, unsigned number) { return numbers_.try_emplace(in_small_letters(name), number).second; }

void Names::remove(unsigned number) {
    std::erase_if(numbers_, [&](const auto& entry) { return entry.second == number; });
}

std::optional<unsigned> Names::find(std::string_view name) const {
    auto found = numbers_.find(in_small_letters(name));
    return found == numbers_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<std::vector<std::byte>> Names::answer_message(ByteSpan query) const {
    const auto* header = view_at<MessageHeader>(query, 0);
    if (!header || (header->flags & (response | operation)) || header->questions != u16{1}) return std::nullopt;
    auto question = parse_question(query.subspan(sizeof *header));
    if (!question) return std::nullopt;
    std::vector<std::byte> data;
    bool ours = false;
    for (const auto& [name, number] : numbers_) {
        bool by_name = question->name == name;
        ours = ours || by_name;
        if (by_name && question->type == Type::ipv4) append(data, big32(member_v4(number)));
        if (question->type == Type::pointer && question->name == name_of_address(number)) append(data, labels_of(name)), ours = true;
    }
    if (!ours) return std::nullopt;
    MessageHeader head{};
    head.identifier = header->identifier, head.questions = u16{1}, head.answers = static_cast<u16>(!data.empty());
    head.flags = static_cast<u16>(response | authoritative | recursion_available | (header->flags & recursion_desired));
    std::vector<std::byte> reply;
    append(reply, head);
    append(reply, query.subspan(sizeof head, question->size));
    // No IPv6 addresses among them: programs take these first, and servers that listen at 0.0.0.0 would refuse what IPv4 would reach.
    if (data.empty()) return reply;
    append(reply, big16(the_questions_name)), append(reply, big16(static_cast<u16>(question->type))), append(reply, big16(class_internet));
    append(reply, big32(seconds_to_keep)), append(reply, big16(static_cast<u16>(data.size()))), append(reply, ByteSpan(data));
    return reply;
}

std::optional<std::vector<std::byte>> Names::answer(ByteSpan frame) const {
    auto ethernet = wire::ethernet::parse(frame);
    if (!ethernet || ethernet->type != wire::ethernet::type_ipv4 || ethernet->header_size != sizeof(wire::ethernet::Header)) return std::nullopt;
    auto packet = frame.subspan(ethernet->header_size);
    auto ip = wire::ipv4::parse(packet, static_cast<u32>(packet.size()));
    if (!ip || (*ip)->is_fragment() || (*ip)->protocol != wire::udp::protocol || (*ip)->destination != name_server_v4) return std::nullopt;
    auto datagram = packet.subspan((*ip)->header_size(), u32{(*ip)->total_size} - (*ip)->header_size());
    auto udp = wire::udp::Header::parse(datagram, static_cast<u32>(datagram.size()));
    if (!udp || (*udp)->destination_port != name_server_port) return std::nullopt;
    auto message = answer_message(datagram.subspan(sizeof(wire::udp::Header), (*udp)->size - sizeof(wire::udp::Header)));
    if (!message) return std::nullopt;
    return reply_frame(*ethernet->header, **ip, **udp, *message);
}

}  // namespace spore::host::lan
