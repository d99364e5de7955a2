// SPDX-License-Identifier: Apache-2.0
// Byte streams over connected sockets, plain or TLS. Used by http/, feed/ and the DNS service, on
// the thread of the loop that watches the descriptor.
#include "net/stream.h"

#include "base/alloc.h"
#include "base/check.h"
#include "net/tls_priv.h"
#include "os/loop.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* Room for the reason of a failure. */
enum { NET_STREAM_ERROR_SIZE = 160 };

struct net_stream {
    int fd;
    SSL *ssl;            /* NULL for a plain stream */
    unsigned wants;      /* LOOP_READ or LOOP_WRITE, after AGAIN */
    char *names[2];      /* one of which the server's certificate must hold; NULL: none */
    bool is_established; /* the handshake is over */
    bool has_failed;     /* TLS must not be spoken any more, not even its orderly end */
    char error[NET_STREAM_ERROR_SIZE];
};

/*
 * OpenSSL's own socket BIO writes with write(2), which raises SIGPIPE where the peer is gone. This
 * one sends with MSG_NOSIGNAL; its descriptor is the BIO's data and is not closed by it.
 */
static int bio_fd(BIO *bio)
{
    const struct net_stream *s = BIO_get_data(bio);
    return s->fd;
}

static int bio_send(BIO *bio, const char *data, int size)
{
    BIO_clear_retry_flags(bio);
    ssize_t count = send(bio_fd(bio), data, (size_t)size, MSG_NOSIGNAL);
    if (count < 0 && (errno == EAGAIN || errno == EINTR))
        BIO_set_retry_write(bio);
    return (int)count;
}

static int bio_receive(BIO *bio, char *out, int size)
{
    BIO_clear_retry_flags(bio);
    ssize_t count = recv(bio_fd(bio), out, (size_t)size, 0);
    if (count < 0 && (errno == EAGAIN || errno == EINTR))
        BIO_set_retry_read(bio);
    if (count == 0)
        BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
    return (int)count;
}

static long bio_control(BIO *bio, int command, long number, void *ptr)
{
    (void)number;
    (void)ptr;
    if (command == BIO_CTRL_EOF)
        return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0;
    return command == BIO_CTRL_FLUSH ? 1 : 0;
}

static BIO_METHOD *socket_method;

static void socket_method_make(void)
{
    socket_method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "weir socket");
    CHECK(socket_method != NULL);
    CHECK(BIO_meth_set_write(socket_method, bio_send) == 1);
    CHECK(BIO_meth_set_read(socket_method, bio_receive) == 1);
    CHECK(BIO_meth_set_ctrl(socket_method, bio_control) == 1);
}

static BIO *socket_bio(struct net_stream *s)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    CHECK(pthread_once(&once, socket_method_make) == 0);
    BIO *bio = BIO_new(socket_method);
    CHECK(bio != NULL);
    BIO_set_data(bio, s);
    BIO_set_init(bio, 1);
    return bio;
}

/* Whether the name is an address in text form, which is never sent as SNI. */
static bool name_is_address(const char *name)
{
    uint8_t raw[sizeof(struct in6_addr)];
    return inet_pton(AF_INET, name, raw) == 1 || inet_pton(AF_INET6, name, raw) == 1;
}

/* What the client side asks of the server; a name that none can be fails the handshake. */
static bool client_expect(struct net_stream *s, const struct net_tls *tls, const char *name)
{
    if (name == NULL)
        return !tls->checks_name;
    if (tls->checks_name)
        s->names[0] = mem_strdup(name);
    if (tls->hides_name || name_is_address(name))
        return true;
    AUTO_FREE char *sni = mem_strdup(name); /* OpenSSL's macro casts const away */
    return name[0] != '\0' && SSL_set_tlsext_host_name(s->ssl, sni) == 1;
}

struct net_stream *net_stream_new(int fd, const struct net_tls *tls, bool is_server,
                                  const char *server_name)
{
    CHECK(fd >= 0);
    struct net_stream *s = NEW(struct net_stream);
    s->fd = fd;
    s->is_established = tls == NULL;
    if (tls == NULL)
        return s;
    s->ssl = SSL_new(tls->ctx);
    CHECK(s->ssl != NULL);
    BIO *bio = socket_bio(s);
    SSL_set_bio(s->ssl, bio, bio);
    if (is_server) {
        SSL_set_accept_state(s->ssl);
        return s;
    }
    SSL_set_connect_state(s->ssl);
    if (!client_expect(s, tls, server_name)) {
        s->has_failed = true;
        (void)snprintf(s->error, sizeof(s->error), "no valid name to check the server by");
    }
    return s;
}

void net_stream_free(struct net_stream *s)
{
    if (s == NULL)
        return;
    SSL_free(s->ssl);
    for (size_t i = 0; i < ARRAY_LEN(s->names); i++)
        free(s->names[i]);
    (void)close(s->fd);
    free(s);
}

void net_stream_accept_name(struct net_stream *s, const char *name)
{
    CHECK(s->names[1] == NULL);
    if (s->names[0] != NULL)
        s->names[1] = mem_strdup(name);
}

int net_stream_fd(const struct net_stream *s)
{
    return s->fd;
}

bool net_stream_is_tls(const struct net_stream *s)
{
    return s->ssl != NULL;
}

/* Notes why the TLS connection failed: the certificate, the protocol, or the socket. */
static enum net_io tls_failed(struct net_stream *s)
{
    int sys_errno = errno;
    unsigned long code = ERR_peek_error();
    long verify = SSL_get_verify_result(s->ssl);
    const char *reason = code == 0 ? NULL : ERR_reason_error_string(code);
    if (code != 0 && ERR_GET_REASON(code) == SSL_R_CERTIFICATE_VERIFY_FAILED)
        reason = X509_verify_cert_error_string(verify);
    if (reason == NULL)
        reason = sys_errno == 0 ? "connection ended within a message" : strerrordesc_np(sys_errno);
    (void)snprintf(s->error, sizeof(s->error), "TLS: %s", reason == NULL ? "failed" : reason);
    s->has_failed = true;
    ERR_clear_error();
    return NET_IO_FAILED;
}

/* Result of an operation of OpenSSL that returned `count` <= 0. */
static enum net_io tls_result(struct net_stream *s, int result)
{
    int error = SSL_get_error(s->ssl, result);
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) {
        s->wants = error == SSL_ERROR_WANT_READ ? LOOP_READ : LOOP_WRITE;
        return NET_IO_AGAIN;
    }
    if (error == SSL_ERROR_ZERO_RETURN)
        return NET_IO_CLOSED;
    return tls_failed(s);
}

static enum net_io plain_failed(struct net_stream *s)
{
    const char *reason = strerrordesc_np(errno);
    (void)snprintf(s->error, sizeof(s->error), "%s", reason == NULL ? "failed" : reason);
    s->has_failed = true;
    return NET_IO_FAILED;
}

/* Result of recv or send that returned -1. */
static enum net_io plain_result(struct net_stream *s, unsigned wants)
{
    if (errno == EAGAIN || errno == EINTR) {
        s->wants = wants;
        return NET_IO_AGAIN;
    }
    return plain_failed(s);
}

/* Makes ready for a call of OpenSSL, whose error queue and errno must be clean. */
static void tls_begin(void)
{
    ERR_clear_error();
    errno = 0;
}

/* Whether the server's certificate, whose chain was verified, is for one of the names. */
static bool peer_is_expected(const struct net_stream *s)
{
    if (s->names[0] == NULL)
        return true;
    X509 *cert = SSL_get0_peer_certificate(s->ssl);
    bool is_expected = false;
    for (size_t i = 0; cert != NULL && i < ARRAY_LEN(s->names) && s->names[i] != NULL; i++) {
        const char *name = s->names[i];
        is_expected =
            is_expected || (name_is_address(name) ? X509_check_ip_asc(cert, name, 0) == 1
                                                  : X509_check_host(cert, name, 0, 0, NULL) == 1);
    }
    return is_expected;
}

enum net_io net_stream_handshake(struct net_stream *s)
{
    if (s->has_failed)
        return NET_IO_FAILED;
    if (s->is_established)
        return NET_IO_OK;
    tls_begin();
    int result = SSL_do_handshake(s->ssl);
    if (result != 1) {
        enum net_io io = tls_result(s, result);
        return io == NET_IO_CLOSED ? tls_failed(s) : io;
    }
    if (!peer_is_expected(s)) {
        (void)snprintf(s->error, sizeof(s->error), "TLS: the certificate is not for '%s'",
                       s->names[0]);
        s->has_failed = true;
        return NET_IO_FAILED;
    }
    s->is_established = true;
    return NET_IO_OK;
}

enum net_io net_stream_read(struct net_stream *s, void *out, size_t size, size_t *out_count)
{
    CHECK(size > 0);
    if (s->ssl == NULL) {
        ssize_t count = recv(s->fd, out, size, 0);
        if (count < 0)
            return plain_result(s, LOOP_READ);
        if (count == 0)
            return NET_IO_CLOSED;
        *out_count = (size_t)count;
        return NET_IO_OK;
    }
    enum net_io io = net_stream_handshake(s);
    if (io != NET_IO_OK)
        return io;
    size_t count;
    tls_begin();
    int result = SSL_read_ex(s->ssl, out, size, &count);
    if (result != 1)
        return tls_result(s, result);
    *out_count = count;
    return NET_IO_OK;
}

enum net_io net_stream_write(struct net_stream *s, struct slice data, size_t *out_count)
{
    CHECK(data.len > 0);
    if (s->ssl == NULL) {
        ssize_t count = send(s->fd, data.data, data.len, MSG_NOSIGNAL);
        if (count < 0)
            return plain_result(s, LOOP_WRITE);
        *out_count = (size_t)count;
        return NET_IO_OK;
    }
    enum net_io io = net_stream_handshake(s);
    if (io != NET_IO_OK)
        return io;
    size_t count;
    tls_begin();
    int result = SSL_write_ex(s->ssl, data.data, data.len, &count);
    if (result != 1) {
        io = tls_result(s, result);
        return io == NET_IO_CLOSED ? tls_failed(s) : io;
    }
    *out_count = count;
    return NET_IO_OK;
}

bool net_stream_has_pending(const struct net_stream *s)
{
    return s->ssl != NULL && SSL_has_pending(s->ssl) == 1;
}

unsigned net_stream_wants(const struct net_stream *s)
{
    return s->wants == 0 ? LOOP_READ : s->wants;
}

void net_stream_shutdown(struct net_stream *s)
{
    if (s->ssl != NULL && s->is_established && !s->has_failed) {
        tls_begin();
        (void)SSL_shutdown(s->ssl);
        ERR_clear_error();
    }
    (void)shutdown(s->fd, SHUT_WR);
}

const char *net_stream_error(const struct net_stream *s)
{
    return s->error;
}

bool net_stream_peer_key(const struct net_stream *s, uint8_t out_public[32])
{
    if (s->ssl == NULL || !s->is_established)
        return false;
    X509 *cert = SSL_get0_peer_certificate(s->ssl);
    EVP_PKEY *key = cert == NULL ? NULL : X509_get0_pubkey(cert);
    uint8_t raw[32];
    size_t size = sizeof(raw);
    if (key == NULL || EVP_PKEY_get_base_id(key) != EVP_PKEY_ED25519 ||
        EVP_PKEY_get_raw_public_key(key, raw, &size) != 1 || size != sizeof(raw))
        return false;
    memcpy(out_public, raw, sizeof(raw));
    return true;
}
