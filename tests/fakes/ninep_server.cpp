#include "tests/fakes/ninep_server.hpp"

#include "arch/mmu.hpp"

namespace spore::fakes {

using namespace wire::ninep;

namespace {

/// Linux's number of what went wrong.
struct Refused {
    u32 number;
};
constexpr u32 not_found = 2, too_big = 7, bad_descriptor = 9, exists = 17, not_directory = 20, is_directory = 21, invalid = 22, no_space = 28, not_empty = 39, no_data = 61,
              not_supported = 95;

std::byte* bytes_at(const device::TransferPiece& piece) { return static_cast<std::byte*>(arch::direct(piece.address)); }
std::string name_in(Reader& in) { return std::string(in.text()); }

void put(Writer& out, const NinepServer::Node& node) { out.number(static_cast<u8>(node.directory() ? Qid::directory : 0)).number(u32{0}).number(node.number); }
void put(Writer& out, std::string_view data) {
    out.number(static_cast<u32>(data.size()));
    for (char c : data) out.number(static_cast<u8>(c));
}

}  // namespace

NinepServer::NodeRef NinepServer::make(u32 mode) {
    auto node = std::make_shared<Node>(Node{.mode = mode});
    node->number = ++last_number;
    return node;
}

NinepServer::Fid& NinepServer::fid(u32 number) {
    auto found = fids_.find(number);
    if (found == fids_.end()) throw Refused{bad_descriptor};
    return found->second;
}

NinepServer::NodeRef NinepServer::child(Node& directory, const std::string& name) {
    if (!directory.directory()) throw Refused{not_directory};
    auto found = directory.children.find(name);
    if (found == directory.children.end()) throw Refused{not_found};
    return found->second;
}

NinepServer::NodeRef NinepServer::node_of(u32 number) {
    auto& of = fid(number);
    if (!keeps_paths) return of.node;
    auto node = root;
    for (auto& name : of.path) node = child(*node, name);
    return node;
}

void NinepServer::put_into(Node& directory, const std::string& name, const NodeRef& node) {
    if (!directory.directory()) throw Refused{not_directory};
    if (!directory.children.emplace(name, node).second) throw Refused{exists};
}

Result<u32> NinepServer::exchange(std::span<const device::TransferPiece> request, std::span<const device::TransferPiece> reply) {
    ++requests;
    std::vector<std::byte> message;
    for (auto& piece : request) message.insert(message.end(), bytes_at(piece), bytes_at(piece) + piece.size);
    auto* header = view_at<Header>(message, 0);
    if (!header || header->size != message.size() || message.size() > message_size) return fail(Error::io);
    if (buffer_.size() < message_size) buffer_.resize(message_size);
    auto room = std::span(buffer_).first(message_size);
    auto type = static_cast<Type>(header->type);
    Reader in{ByteSpan(message).subspan(sizeof *header)};
    Writer out(room, static_cast<Type>(header->type + 1), header->tag);
    try {
        answer(type, in, out);
        if (!in.check()) throw Refused{invalid};
    } catch (const Refused& refused) {
        out = Writer(room, static_cast<Type>(static_cast<u8>(Type::error) + 1), header->tag);
        out.number(refused.number);
    }
    auto written = *out.finish();
    std::vector<std::byte> said(written.begin(), written.end());
    if (spoil) spoil(said);
    std::size_t done = 0;
    for (auto& piece : reply) {
        auto part = std::min<std::size_t>(piece.size, said.size() - done);
        std::memcpy(bytes_at(piece), said.data() + done, part);
        done += part;
    }
    return static_cast<u32>(done);
}

void NinepServer::answer(Type type, Reader& in, Writer& out) {
    if (type == Type::version) {
        out.number(std::min(in.number<u32>(), message_size)).text(protocol);
        return;
    }
    u32 number = in.number<u32>();
    switch (type) {
    case Type::attach:
        fids_[number] = {root};
        return put(out, *root);
    case Type::walk: {
        u32 to = in.number<u32>();
        auto node = node_of(number);
        auto path = fid(number).path;
        if (fids_.contains(to)) throw Refused{invalid};
        u16 names = in.number<u16>();
        if (names) node = child(*node, path.emplace_back(name_in(in)));
        fids_[to] = {.node = node, .path = path};
        out.number(names);
        if (names) put(out, *node);
        return;
    }
    case Type::clunk: return clunk(number);
    case Type::get_attributes: {
        auto& node = *node_of(number);
        out.number(u64{0x7ff});
        put(out, node);
        out.number(node.mode).number(node.uid).number(node.gid).number(u64{node.links}).number(u64{0}).number(u64{node.contents.size()});
        out.number(u64{4096}).number(u64{(node.contents.size() + 511) / 512});
        for (int i = 0; i < 10; ++i) out.number(u64{i < 8 ? 1'000'000'000u : 0});
        return;
    }
    case Type::set_attributes: {
        auto& node = *node_of(number);
        u32 which = in.number<u32>(), mode = in.number<u32>(), uid = in.number<u32>(), gid = in.number<u32>();
        u64 size = in.number<u64>();
        if (which & (change::uid | change::gid) && refuses_owners) throw Refused{refuses_owners};
        if (which & change::mode) node.mode = (node.mode & 0170000) | mode;
        if (which & change::uid) node.uid = uid;
        if (which & change::gid) node.gid = gid;
        if (which & change::size) node.contents.resize(size);
        for (int i = 0; i < 4; ++i) (void)in.number<u64>();
        return;
    }
    case Type::statfs:
        (void)fid(number);
        out.number(u32{0x01021997}).number(u32{4096});
        for (u64 value : {1000, 500, 400, 300, 200, 1}) out.number(value);
        out.number(u32{255});
        return;
    case Type::rename: case Type::remove: return answer_old(type, number, in);
    case Type::rename_at: case Type::unlink_at:
        if (keeps_paths) throw Refused{not_supported};
        [[fallthrough]];
    case Type::create: case Type::symlink: case Type::mknod: case Type::link: case Type::make_directory:
        return answer_names(type, number, in, out);
    default: return answer_contents(type, number, in, out);
    }
}

void NinepServer::answer_names(Type type, u32 number, Reader& in, Writer& out) {
    auto& directory = *node_of(number);
    if (type == Type::link) {
        auto target = node_of(in.number<u32>());
        put_into(directory, name_in(in), target);
        ++target->links;
        return;
    }
    auto name = name_in(in);
    if (type == Type::unlink_at) {
        auto node = child(directory, name);
        bool wants_directory = in.number<u32>() == unlink_directory;
        if (node->directory() != wants_directory) throw Refused{wants_directory ? not_directory : is_directory};
        if (!node->children.empty()) throw Refused{not_empty};
        --node->links;
        directory.children.erase(name);
        return;
    }
    if (type == Type::rename_at) {
        auto to = in.number<u32>();
        return move(directory, name, *node_of(to), name_in(in));
    }
    if (type == Type::create) (void)in.number<u32>();
    auto target = type == Type::symlink ? name_in(in) : "";
    u32 mode = type == Type::symlink ? 0120777 : in.number<u32>();
    if (type == Type::create) mode |= 0100000;
    if (type == Type::make_directory) mode |= 0040000;
    if (type == Type::mknod) (void)in.number<u64>();
    u32 gid = in.number<u32>();
    auto node = make(mode);
    node->contents = target;
    node->gid = gid;
    put_into(directory, name, node);
    put(out, *node);
    if (type != Type::create) return;
    auto path = fid(number).path;
    path.push_back(name);
    fid(number) = {.node = node, .path = path};
    out.number(u32{0});
}

void NinepServer::move(Node& directory, const std::string& name, Node& to, const std::string& new_name) {
    auto node = child(directory, name);
    if (auto over = to.children.find(new_name); over != to.children.end()) {
        if (!over->second->children.empty()) throw Refused{not_empty};
        --over->second->links;
    }
    directory.children.erase(name);
    to.children[new_name] = node;
}

void NinepServer::answer_old(Type type, u32 number, Reader& in) {
    auto path = fid(number).path;
    if (path.empty()) throw Refused{invalid};
    auto directory = root;
    for (auto& name : std::span(path).first(path.size() - 1)) directory = child(*directory, name);
    if (type == Type::rename) {
        auto to = in.number<u32>();
        auto new_name = name_in(in);
        move(*directory, path.back(), *node_of(to), new_name);
        fid(number).path = fid(to).path;
        fid(number).path.push_back(new_name);
        return;
    }
    fids_.erase(number);
    auto node = child(*directory, path.back());
    if (!node->children.empty()) throw Refused{not_empty};
    --node->links;
    directory->children.erase(path.back());
}

void NinepServer::answer_contents(Type type, u32 number, Reader& in, Writer& out) {
    auto& of = fid(number);
    auto& contents = of.is_value ? of.value : of.node->contents;
    switch (type) {
    case Type::open:
        put(out, *of.node);
        out.number(u32{0});
        return;
    case Type::sync: (void)in.number<u32>(); return;
    case Type::readlink: out.text(contents); return;
    case Type::read: {
        u64 offset = in.number<u64>();
        u32 size = in.number<u32>();
        return put(out, std::string_view(contents).substr(std::min<u64>(offset, contents.size()), size));
    }
    case Type::write: {
        u64 offset = in.number<u64>();
        auto data = in.bytes(in.number<u32>());
        if (offset > 1 << 24) throw Refused{no_space};
        if (offset + data.size() > contents.size()) contents.resize(offset + data.size());
        std::memcpy(contents.data() + offset, data.data(), data.size());
        out.number(static_cast<u32>(data.size()));
        return;
    }
    case Type::read_directory: {
        u64 offset = in.number<u64>();
        u32 room = in.number<u32>();
        if (offset == 0) {
            of.names = {".", ".."};
            for (auto& [name, node] : of.node->children) of.names.push_back(name);
        }
        std::vector<std::byte> list(room);
        std::size_t used = 0;
        for (; offset < of.names.size(); ++offset) {
            auto& name = of.names[offset];
            auto found = of.node->children.find(name);
            auto& node = found == of.node->children.end() ? *of.node : *found->second;
            if (used + 24 + name.size() > room) break;
            // A writer begins with a header, which is not wanted here.
            std::vector<std::byte> entry(sizeof(Header) + 24 + name.size());
            Writer writer(entry, Type::read_directory, 0);
            put(writer, node);
            writer.number(offset + 1).number(static_cast<u8>(node.mode >> 12)).text(name);
            std::ranges::copy(std::span(entry).subspan(sizeof(Header)), list.begin() + static_cast<std::ptrdiff_t>(used));
            used += entry.size() - sizeof(Header);
        }
        return put(out, {reinterpret_cast<char*>(list.data()), used});
    }
    case Type::find_xattr: {
        u32 to = in.number<u32>();
        auto name = name_in(in);
        std::string value;
        if (name.empty())
            for (auto& [key, unused] : of.node->attributes) value += key + '\0';
        else if (auto found = of.node->attributes.find(name); found != of.node->attributes.end()) value = found->second;
        else throw Refused{no_data};
        auto node = of.node;
        fids_[to] = {.node = node, .value = value, .is_value = true};
        out.number(u64{value.size()});
        return;
    }
    case Type::create_xattr: {
        auto name = name_in(in);
        u64 size = in.number<u64>();
        u32 flags = in.number<u32>();
        if ((flags & 1) && of.node->attributes.contains(name)) throw Refused{exists};
        if (size > 65536) throw Refused{too_big};
        of.attribute = name;
        of.is_value = true;
        return;
    }
    default: throw Refused{not_supported};
    }
}

void NinepServer::clunk(u32 number) {
    auto& of = fid(number);
    if (!of.attribute.empty()) {
        if (of.value.empty()) of.node->attributes.erase(of.attribute);
        else of.node->attributes[of.attribute] = of.value;
    }
    fids_.erase(number);
}

}  // namespace spore::fakes
