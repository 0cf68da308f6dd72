"""The replies an SMTP server gives by itself, a row each; RFC 5321 4.2, 3463, 5248."""

from sinyal.smtp.reply import reply

LINE_TOO_LONG = reply(500, "5.5.6 line too long")
UNKNOWN_COMMAND = reply(500, "5.5.1 unknown command")
BAD_OCTETS = reply(500, "5.5.2 control character or bare line end in command")
BAD_ARGUMENT = reply(501, "5.5.4 syntax error in arguments")
NO_ARGUMENT = reply(501, "5.5.4 no argument allowed")
BAD_BASE64 = reply(501, "5.5.2 cannot decode base64")
BAD_ADDRESS = reply(501, "5.1.3 bad address syntax")
BAD_SENDER = reply(501, "5.1.7 bad sender address syntax")
AUTH_CANCELLED = reply(501, "5.7.0 authentication cancelled")
BAD_SEQUENCE = reply(503, "5.5.1 bad sequence of commands")
ALREADY_SECURE = reply(503, "5.5.1 TLS is already active")
ALREADY_AUTHENTICATED = reply(503, "5.5.1 already authenticated")
BARE_LINE_END = reply(550, "5.6.11 bare CR or LF in message data")
TOO_LARGE = reply(552, "5.3.4 message size exceeds the limit")
NOT_ASCII = reply(553, "5.6.7 non-ASCII address without SMTPUTF8")
NO_RECIPIENTS = reply(554, "5.5.1 no valid recipients")
UNKNOWN_PARAMETER = reply(555, "5.5.4 unknown parameter")

TOO_MANY_ERRORS = reply(421, "4.7.0 too many errors, closing connection")
IDLE = reply(421, "4.4.2 idle for too long, closing connection")
NO_MEMORY = reply(421, "4.3.1 too much mail at once, closing connection")
SHUTTING_DOWN = reply(421, "4.3.2 service is shutting down, try again later")
INTERNAL = reply(451, "4.3.0 internal error, try again later")
