#include "wire/fdt.hpp"

#include <algorithm>

namespace spore::wire::fdt {
namespace {

struct Header {
    be32 magic, total_size, structure_offset, strings_offset, reservations_offset, version, last_compatible_version, boot_cpu, strings_size,
        structure_size;
};
static_assert(sizeof(Header) == 40);
constexpr u32 magic = 0xd00dfeed, version = 17;

enum Token : u32 { begin_node = 1, end_node = 2, property_token = 3, nop = 4, end = 9 };

struct Property {
    be32 size, name_offset;
};
struct Reservation {
    be64 address, size;
};

/// The zero-terminated text at `offset`; nothing when it does not end.
std::optional<std::string_view> text_at(ByteSpan bytes, u64 offset) {
    if (offset >= bytes.size()) return std::nullopt;
    auto rest = std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()).substr(offset);
    auto length = rest.find('\0');
    if (length == rest.npos) return std::nullopt;
    return rest.substr(0, length);
}

/// Whether the zero-terminated text at `offset` is `name`: without looking for its end, as this is asked of every property.
bool is_text(ByteSpan bytes, u64 offset, std::string_view name) {
    if (offset > bytes.size() || name.size() >= bytes.size() - offset) return false;
    auto* text = reinterpret_cast<const char*>(bytes.data()) + offset;
    for (std::size_t i = 0; i < name.size(); ++i)
        if (text[i] != name[i]) return false;
    return text[name.size()] == 0;
}

/// Takes a 32-bit word from the front.
std::optional<u32> take_word(ByteSpan& bytes) {
    auto* word = view_at<be32>(bytes, 0);
    if (!word) return std::nullopt;
    bytes = bytes.subspan(sizeof(be32));
    return *word;
}

/// Takes `size` bytes and their padding from the front.
bool skip(ByteSpan& bytes, u64 size) {
    u64 padded = align_up(size, 4);
    if (padded > bytes.size()) return false;
    bytes = bytes.subspan(padded);
    return true;
}

}  // namespace

std::optional<u64> read_cells(ByteSpan bytes, u64 offset, u32 cells) {
    u64 value = 0;
    if (cells > 2) return std::nullopt;
    for (u32 i = 0; i < cells; ++i) {
        auto* word = view_at<be32>(bytes, offset + i * sizeof(be32));
        if (!word) return std::nullopt;
        value = value << 32 | *word;
    }
    return value;
}

std::optional<ByteSpan> Node::property(std::string_view name) const {
    auto rest = properties_;
    while (auto token = take_word(rest)) {
        if (*token != property_token) continue;  // NOP: the walk has seen that there is nothing else
        auto* head = view_at<Property>(rest, 0);
        if (!head) break;
        auto value = slice(rest, sizeof(Property), head->size);
        if (!value || !skip(rest, sizeof(Property) + u64{head->size})) break;
        if (is_text(strings_, head->name_offset, name)) return value;
    }
    return std::nullopt;
}

std::optional<u64> Node::number(std::string_view name) const {
    auto value = property(name);
    if (!value || (value->size() != 4 && value->size() != 8)) return std::nullopt;
    return read_cells(*value, 0, static_cast<u32>(value->size() / 4));
}

std::optional<std::string_view> Node::text(std::string_view name) const {
    auto value = property(name);
    return value ? text_at(*value, 0) : std::nullopt;
}

Compatible Node::compatible() const {
    auto list = property("compatible");
    return list ? Compatible(*list) : Compatible();
}

bool Compatible::operator==(std::string_view name) const {
    for (std::size_t start = 0; start < list_.size();) {
        auto end = std::min(list_.find('\0', start), list_.size());
        if (list_.substr(start, end - start) == name) return true;
        start = end + 1;
    }
    return false;
}

bool Node::enabled() const {
    auto status = text("status");
    return !status || *status == "okay" || *status == "ok";
}

std::optional<Region> Node::region(u32 index) const {
    auto reg = property("reg");
    if (!reg) return std::nullopt;
    u64 at = u64{index} * (cells_.address + cells_.size) * 4;
    auto address = read_cells(*reg, at, cells_.address);
    auto size = read_cells(*reg, at + u64{cells_.address} * 4, cells_.size);
    if (!address || !size || cells_.address == 0) return std::nullopt;
    return Region{*address, *size};
}

u64 Tree::claimed_size(ByteSpan bytes) {
    auto* header = view_at<Header>(bytes, 0);
    return header && header->magic == magic ? u64{header->total_size} : 0;
}

std::optional<Tree> Tree::parse(ByteSpan bytes) {
    auto* header = view_at<Header>(bytes, 0);
    if (!header || header->magic != magic || header->version < version || header->last_compatible_version > version) return std::nullopt;
    if (header->total_size > bytes.size() || header->total_size > max_size) return std::nullopt;
    bytes = bytes.first(header->total_size);
    auto structure = slice(bytes, header->structure_offset, header->structure_size);
    auto strings = slice(bytes, header->strings_offset, header->strings_size);
    // With a zero at their end, names end wherever they begin.
    if (!structure || !strings || strings->empty() || strings->back() != std::byte{0} || header->structure_offset % 4 || header->reservations_offset > bytes.size()) return std::nullopt;
    Tree tree;
    tree.bytes_ = bytes;
    tree.structure_ = *structure;
    tree.strings_ = *strings;
    tree.reservations_ = header->reservations_offset;
    u32 entries = 0;
    while (tree.reserved(entries)) ++entries;
    tree.used_ = std::max({u64{header->structure_offset} + header->structure_size, u64{header->strings_offset} + header->strings_size,
                           std::min<u64>(bytes.size(), tree.reservations_ + (u64{entries} + 1) * sizeof(Reservation))});
    Walk walk(tree);
    Node node;
    while (true) {
        auto step = walk.step(node);
        if (step == Walk::Step::damaged) return std::nullopt;
        if (step == Walk::Step::end) return tree;
    }
}

Tree Tree::seen_at(const std::byte* start) const {
    Tree tree = *this;
    auto moved = [&](ByteSpan part) { return ByteSpan(start + (part.data() - bytes_.data()), part.size()); };
    tree.bytes_ = moved(bytes_);
    tree.structure_ = moved(structure_);
    tree.strings_ = moved(strings_);
    return tree;
}

std::optional<Region> Tree::reserved(u32 index) const {
    auto* entry = view_at<Reservation>(bytes_, reservations_ + u64{index} * sizeof(Reservation));
    if (!entry || (entry->address == 0 && entry->size == 0)) return std::nullopt;
    return Region{entry->address, entry->size};
}

/// Over the properties at the front of the rest, which they are taken from. What they say of children's cells is kept.
bool Walk::read_properties(Node& node) {
    auto start = rest_;
    auto& cells = cells_[depth_];
    cells = {};
    while (true) {
        auto before = rest_;
        auto token = take_word(rest_);
        if (!token) return false;
        if (*token == nop) continue;
        if (*token != property_token) {
            rest_ = before;
            break;
        }
        auto* head = view_at<Property>(rest_, 0);
        if (!head) return false;
        u32 name = head->name_offset, size = head->size;
        auto* number = size == sizeof(be32) ? view_at<be32>(rest_, sizeof(Property)) : nullptr;
        if (name >= strings_.size() || !skip(rest_, sizeof(Property) + u64{size})) return false;
        if (!number || strings_[name] != std::byte{'#'}) continue;
        if (is_text(strings_, name, "#address-cells")) cells.address = *number;
        else if (is_text(strings_, name, "#size-cells")) cells.size = *number;
    }
    node.properties_ = start.first(start.size() - rest_.size());
    return true;
}

Walk::Step Walk::step(Node& node) {
    while (auto token = take_word(rest_)) {
        switch (*token) {
        case nop: continue;
        case end_node:
            if (depth_ == 0) return Step::damaged;
            if (--depth_ == 0) ended_ = true;
            continue;
        case end: return depth_ == 0 && ended_ ? Step::end : Step::damaged;
        case begin_node: break;
        default: return Step::damaged;
        }
        auto name = text_at(rest_, 0);
        if (!name || ended_ || depth_ == Tree::max_depth || !skip(rest_, name->size() + 1)) return Step::damaged;
        node.name_ = *name;
        node.depth_ = depth_;
        node.cells_ = cells_[depth_];
        node.strings_ = strings_;
        ++depth_;
        return read_properties(node) ? Step::node : Step::damaged;
    }
    return Step::damaged;
}

std::optional<Node> Walk::next() {
    Node node;
    if (step(node) != Step::node) return std::nullopt;
    return node;
}

}  // namespace spore::wire::fdt
