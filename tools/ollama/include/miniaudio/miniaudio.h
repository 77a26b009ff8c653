// A stand-in for miniaudio, which Debian 12 does not package. It declares what
// llama.cpp's mtmd-helper.cpp names and decodes nothing: every call answers
// "not implemented", so audio input fails with an error and text is untouched.
#ifndef TILGATE_MINIAUDIO_H
#define TILGATE_MINIAUDIO_H

#include <cstddef>
#include <cstdint>

using ma_result = int;
using ma_uint64 = std::uint64_t;

constexpr ma_result MA_SUCCESS = 0;
constexpr ma_result MA_NOT_IMPLEMENTED = -29;
constexpr int ma_format_f32 = 5;
constexpr int ma_encoding_format_wav = 1;

struct ma_decoder {};
struct ma_decoder_config {};
struct ma_encoder {};
struct ma_encoder_config {};

inline ma_decoder_config ma_decoder_config_init(int, unsigned, unsigned) { return {}; }
inline ma_encoder_config ma_encoder_config_init(int, int, unsigned, unsigned) { return {}; }

// One body for every call that could fail: whatever it is given, it declines.
template <typename... Args> ma_result ma_declined(Args &&...) { return MA_NOT_IMPLEMENTED; }

#define ma_decoder_init_memory ma_declined
#define ma_decoder_get_length_in_pcm_frames ma_declined
#define ma_decoder_read_pcm_frames ma_declined
#define ma_decoder_uninit ma_declined
#define ma_encoder_init_file ma_declined
#define ma_encoder_write_pcm_frames ma_declined
#define ma_encoder_uninit ma_declined

#endif
