#include "host/common/markup.hpp"

namespace spore::host {

std::string escaped_markup(std::string_view text) {
    std::string out;
    for (char c : text) {
        switch (c) {
        case '&': out += "&amp;"; break;
        case '<': out += "&lt;"; break;
        case '>': out += "&gt;"; break;
        case '"': out += "&quot;"; break;
        default: out += static_cast<unsigned char>(c) < ' ' ? '?' : c;
        }
    }
    return out;
}

}  // namespace spore::host
