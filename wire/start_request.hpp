// Reads what the host asks for with a `start` frame [abi/channel.hpp]: a program to run beside the first.
#pragma once

#include <string_view>

#include "abi/channel.hpp"
#include "base/result.hpp"

namespace spore::wire {

/// A checked view on the payload's bytes.
class StartRequest {
public:
    /// `truncated` or `corrupt`: a string without its zero, no program, a flag with an unknown value, a variable without a name.
    static Result<StartRequest> parse(ByteSpan payload);

    const abi::StartPayload& head() const { return *view_at<abi::StartPayload>(payload_, 0); }
    std::span<const le32> groups() const { return std::span(head().groups).first(head().group_count); }
    /// Empty: the first program's.
    std::string_view folder() const { return std::string_view(strings().data()); }
    std::size_t argument_count() const { return head().arguments; }
    std::size_t variable_count() const { return variables_; }
    template <typename F>
    void for_each_argument(F&& visit) const { for_each(1, argument_count(), visit); }
    /// Each "KEY=value".
    template <typename F>
    void for_each_variable(F&& visit) const { for_each(1 + argument_count(), variables_, visit); }

private:
    explicit StartRequest(ByteSpan payload) : payload_(payload) {}
    /// All of them, each with its zero.
    std::string_view strings() const {
        auto bytes = payload_.subspan(sizeof(abi::StartPayload));
        return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
    }
    template <typename F>
    void for_each(std::size_t first, std::size_t count, F&& visit) const {
        auto rest = strings();
        for (std::size_t i = 0; i < first + count; ++i) {
            std::string_view text(rest.data());
            rest.remove_prefix(text.size() + 1);
            if (i >= first) visit(text);
        }
    }

    ByteSpan payload_;
    std::size_t variables_ = 0;
};

}  // namespace spore::wire
