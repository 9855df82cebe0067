// A folder in memory behind a 9P2000.L server, for tests: does what QEMU's does, and lets a test spoil what it says.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "kernel/device/share.hpp"
#include "wire/ninep.hpp"

namespace spore::fakes {

class NinepServer final : public device::Share {
public:
    struct Node {
        u32 mode = 0, uid = 0, gid = 0, links = 1;
        u64 number = 0;
        std::string contents{};  ///< or a link's target
        std::map<std::string, std::shared_ptr<Node>> children{};
        std::map<std::string, std::string> attributes{};
        bool directory() const { return (mode & 0170000) == 0040000; }
    };
    using NodeRef = std::shared_ptr<Node>;

    NinepServer() : root(make(0040755)) {}
    std::string_view tag() const override { return "share0"; }
    Result<u32> exchange(std::span<const device::TransferPiece> request, std::span<const device::TransferPiece> reply) override;

    /// What the host itself does to the folder.
    NodeRef add(Node& directory, const std::string& name, u32 mode, std::string contents = "") {
        auto node = make(mode);
        node->contents = std::move(contents);
        return directory.children[name] = node;
    }
    /// Those that a client has made and not given back.
    std::size_t fids() const { return fids_.size(); }

    u64 last_number = 0;
    NodeRef root;
    std::function<void(std::vector<std::byte>& reply)> spoil{};
    u64 requests = 0;
    u32 message_size = 1 << 20;
    bool keeps_paths = false;  ///< as diod 1.0 does: a fid leads to what has its path by now, and requests with names in directories are unknown
    u32 refuses_owners = 0;  ///< the error number that who gives files to others gets; 0: they may

private:
    struct Fid {
        NodeRef node;                      ///< as it was found, and opened
        std::vector<std::string> path{};
        std::string value{};           ///< of an extended attribute that it stands for
        std::string attribute{};       ///< and that it sets in the end
        bool is_value = false;
        std::vector<std::string> names{};  ///< of a directory, once it is read
    };
    NodeRef make(u32 mode);
    Fid& fid(u32 number);
    NodeRef child(Node& directory, const std::string& name);
    /// What a fid leads to now.
    NodeRef node_of(u32 number);
    void put_into(Node& directory, const std::string& name, const NodeRef& node);
    void answer(wire::ninep::Type type, wire::ninep::Reader& in, wire::ninep::Writer& out);
    void answer_names(wire::ninep::Type type, u32 number, wire::ninep::Reader& in, wire::ninep::Writer& out);
    /// Requests about a file itself, without its directory.
    void answer_old(wire::ninep::Type type, u32 number, wire::ninep::Reader& in);
    void move(Node& directory, const std::string& name, Node& to, const std::string& new_name);
    void answer_contents(wire::ninep::Type type, u32 number, wire::ninep::Reader& in, wire::ninep::Writer& out);
    void clunk(u32 number);

    std::map<u32, Fid> fids_;
    std::vector<std::byte> buffer_;  ///< for what it says
};

}  // namespace spore::fakes
