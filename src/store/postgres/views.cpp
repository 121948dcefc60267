#include "store/postgres/views.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>

#include "store/postgres/connection.h"
#include "store/postgres/schema.h"

namespace parley::store {
namespace {

struct Views {
  std::string_view service, schema, sql;
};

// Numbers as model/ has them: kinds of events (1: a message), types, roles. Who has read a message is who has a reading
// with its place.
constexpr std::string_view echo_views = R"sql(
CREATE VIEW messages.conversations AS SELECT
  c.id,
  coalesce(nullif(c.metadata, '')::jsonb #>> '{echo,kind}', (ARRAY['direct','group','channel'])[c.type + 1]) AS conversation_type,
  nullif(c.name, '') AS title,
  nullif(c.metadata, '')::jsonb #>> '{echo,description}' AS description,
  nullif(c.avatar_url, '') AS avatar_url,
  (SELECT m.user_id FROM public.members m WHERE m.conversation_id = c.id AND m.role = 3 ORDER BY m.joined_seq, m.user_id LIMIT 1)
    AS creator_user_id,
  coalesce((nullif(c.metadata, '')::jsonb #>> '{echo,encrypted}')::bool, true) AS is_encrypted,
  coalesce((nullif(c.metadata, '')::jsonb #>> '{echo,public}')::bool, false) AS is_public,
  c.members_count AS member_count,
  to_timestamp(c.created_at / 1e6) AS created_at,
  to_timestamp(c.updated_at / 1e6) AS updated_at
  FROM public.conversations c WHERE c.deleted_seq = 0;

CREATE VIEW messages.conversation_participants AS SELECT
  m.conversation_id,
  m.user_id,
  (ARRAY['member','member','admin','owner'])[m.role + 1] AS role,
  m.role > 0 AS can_send_messages,
  (c.message_count - m.unread_base) AS unread_count,
  to_timestamp(m.joined_at / 1e6) AS joined_at,
  CASE WHEN m.read_at > 0 THEN to_timestamp(m.read_at / 1e6) END AS last_read_at,
  m.left_seq = 0 AS is_active
  FROM public.members m JOIN public.conversations c ON c.id = m.conversation_id WHERE c.deleted_seq = 0;

CREATE VIEW messages.delivery_status AS SELECT
  l.id AS message_id,
  m.user_id,
  CASE WHEN r.at IS NOT NULL THEN 'read' WHEN m.delivered_seq >= l.seq THEN 'delivered' ELSE 'sent' END AS status,
  CASE WHEN r.at IS NOT NULL OR m.delivered_seq >= l.seq
    THEN to_timestamp(coalesce(nullif(m.delivered_at, 0), r.at) / 1e6) END AS delivered_at,
  to_timestamp(r.at / 1e6) AS read_at
  FROM public.log l
  JOIN public.members m ON m.conversation_id = l.conversation_id AND m.user_id <> l.actor AND m.left_seq = 0 AND m.joined_seq <= l.seq
  LEFT JOIN public.readings r ON r.conversation_id = l.conversation_id AND r.user_id = m.user_id
    AND r.from_seq <= l.seq AND r.upto >= l.seq AND m.own_receipts
  WHERE l.kind = 1;

CREATE VIEW messages.messages AS SELECT
  l.id,
  l.conversation_id,
  l.actor AS sender_user_id,
  l.parent AS parent_message_id,
  (ARRAY['text','image','video','audio','file','location','text','text','document','contact','poll'])[l.message_type + 1] AS message_type,
  l.text AS content,
  coalesce((SELECT jsonb_agg(jsonb_build_object('user_id', one ->> 'user', 'offset', one -> 'offset', 'length', one -> 'length'))
    FROM jsonb_array_elements(nullif(l.more, '')::jsonb -> 'mentions') AS one), '[]'::jsonb) AS mentions,
  coalesce((SELECT CASE WHEN bool_and(d.status = 'read') THEN 'read' WHEN bool_and(d.status <> 'sent') THEN 'delivered' ELSE 'sent' END
    FROM messages.delivery_status d WHERE d.message_id = l.id), 'sent') AS status,
  l.edited_at > 0 AS is_edited,
  CASE WHEN l.edited_at > 0 THEN to_timestamp(l.edited_at / 1e6) END AS edited_at,
  coalesce((SELECT jsonb_agg(jsonb_build_object('previous_content', e.text, 'edited_at', to_timestamp(e.until / 1e6)) ORDER BY e.number)
    FROM public.edits e WHERE e.message_id = l.id), '[]'::jsonb) AS edit_history,
  greatest(l.deleted_at, l.recalled_at) > 0 AS is_deleted,
  CASE WHEN greatest(l.deleted_at, l.recalled_at) > 0 THEN to_timestamp(greatest(l.deleted_at, l.recalled_at) / 1e6) END AS deleted_at,
  CASE WHEN l.metadata = '' OR position('\u0000' IN l.metadata) > 0 THEN '{}'::jsonb ELSE l.metadata::jsonb END AS metadata,
  to_timestamp(l.at / 1e6) AS created_at,
  to_timestamp(greatest(l.at, l.edited_at, l.deleted_at, l.recalled_at) / 1e6) AS updated_at
  FROM public.log l JOIN public.conversations c ON c.id = l.conversation_id AND c.deleted_seq = 0 WHERE l.kind = 1;

CREATE VIEW messages.reactions AS SELECT
  l.id AS message_id,
  r.user_id,
  r.emoji AS reaction_type,
  to_timestamp(r.at / 1e6) AS created_at
  FROM public.reactions r JOIN public.log l ON l.conversation_id = r.conversation_id AND l.seq = r.seq;

-- Who types is never stored.
CREATE VIEW messages.typing_indicators AS SELECT
  NULL::uuid AS conversation_id, NULL::text AS user_id, NULL::timestamptz AS expires_at WHERE false;
)sql";

constexpr std::string_view messaging_views = R"sql(
CREATE VIEW messaging.users AS SELECT
  r.owner AS id,
  r.body::jsonb ->> 'username' AS username,
  nullif(r.body::jsonb ->> 'email', '') AS email,
  nullif(r.body::jsonb ->> 'display_name', '') AS display_name,
  nullif(r.body::jsonb ->> 'avatar_url', '') AS avatar_url,
  to_timestamp((r.body::jsonb ->> 'created_at')::int8 / 1e6) AS created_at,
  to_timestamp((r.body::jsonb ->> 'updated_at')::int8 / 1e6) AS updated_at
  FROM public.records r WHERE r.space = 'messaging.profiles';

CREATE VIEW messaging.conversations AS SELECT
  c.id,
  (ARRAY['direct','group','group'])[c.type + 1] AS type,
  nullif(c.name, '') AS name,
  nullif(c.metadata, '')::jsonb #>> '{messaging,description}' AS description,
  nullif(c.avatar_url, '') AS avatar_url,
  nullif(c.metadata, '')::jsonb #>> '{messaging,created_by}' AS created_by,
  to_timestamp(c.created_at / 1e6) AS created_at,
  to_timestamp(c.updated_at / 1e6) AS updated_at
  FROM public.conversations c WHERE c.deleted_seq = 0;

CREATE VIEW messaging.conversation_members AS SELECT
  m.conversation_id,
  m.user_id,
  (ARRAY['member','member','admin','owner'])[m.role + 1] AS role,
  to_timestamp(m.joined_at / 1e6) AS joined_at,
  CASE WHEN m.read_at > 0 THEN to_timestamp(m.read_at / 1e6) END AS last_read_at
  FROM public.members m JOIN public.conversations c ON c.id = m.conversation_id AND c.deleted_seq = 0 WHERE m.left_seq = 0;

CREATE VIEW messaging.messages AS SELECT
  l.id,
  l.conversation_id,
  l.actor AS sender_id,
  l.text AS content,
  (ARRAY['text','image','video','audio','file','text','text','system','file','text','text'])[l.message_type + 1] AS type,
  CASE WHEN l.metadata = '' OR position('\u0000' IN l.metadata) > 0 THEN NULL ELSE l.metadata::jsonb END AS metadata,
  l.parent AS reply_to_id,
  l.edited_at > 0 AS is_edited,
  greatest(l.deleted_at, l.recalled_at) > 0 AS is_deleted,
  to_timestamp(l.at / 1e6) AS created_at,
  to_timestamp(greatest(l.at, l.edited_at, l.deleted_at, l.recalled_at) / 1e6) AS updated_at,
  CASE WHEN greatest(l.deleted_at, l.recalled_at) > 0 THEN to_timestamp(greatest(l.deleted_at, l.recalled_at) / 1e6) END AS deleted_at
  FROM public.log l JOIN public.conversations c ON c.id = l.conversation_id AND c.deleted_seq = 0 WHERE l.kind = 1;

CREATE VIEW messaging.message_reactions AS SELECT
  l.id AS message_id,
  r.user_id,
  r.emoji,
  to_timestamp(r.at / 1e6) AS created_at
  FROM public.reactions r JOIN public.log l ON l.conversation_id = r.conversation_id AND l.seq = r.seq;

CREATE VIEW messaging.message_read_receipts AS SELECT
  l.id AS message_id,
  r.user_id,
  to_timestamp(r.at / 1e6) AS read_at
  FROM public.readings r
  JOIN public.members m ON m.conversation_id = r.conversation_id AND m.user_id = r.user_id AND m.own_receipts
  JOIN public.log l ON l.conversation_id = r.conversation_id AND l.seq BETWEEN r.from_seq AND r.upto
    AND l.kind = 1 AND l.actor <> r.user_id AND l.deleted_at = 0 AND l.recalled_at = 0;

CREATE VIEW messaging.files AS SELECT
  r.key AS id,
  r.body::jsonb ->> 'uploader' AS uploader_id,
  r.body::jsonb ->> 'name' AS original_filename,
  r.body::jsonb ->> 'mime' AS mime_type,
  (r.body::jsonb ->> 'size')::int8 AS size_bytes,
  to_timestamp(r.at / 1e6) AS created_at
  FROM public.records r WHERE r.space = 'files';
)sql";

constexpr std::array all_views{Views{"echo", "messages", echo_views},
                               Views{"messaging", "messaging", messaging_views}};

Result<Views> views_of(std::string_view service) {
  auto at = std::ranges::find(all_views, service, &Views::service);
  if (at == all_views.end())
    return fail(Code::bad_request, "there are views for echo and messaging only");
  return *at;
}

Instant soon() { return std::chrono::steady_clock::now() + std::chrono::seconds{30}; }

// A schema of that name may be the other service's own: then it is left alone.
constexpr std::string_view mark = "views made by parley";
enum class There : std::uint8_t { nothing, ours, not_ours };

using Opened = std::unique_ptr<postgres::Connection>;

Result<Opened> open(const std::string& url) {
  auto connection = postgres::Connection::open(url, soon());
  if (!connection)
    return fail(Code::unavailable, "PostgreSQL can't be reached: " + connection.error().text);
  return std::move(*connection);
}

Result<There> look(postgres::Connection& connection, const Views& views) {
  auto found = connection.ask({"SELECT coalesce(obj_description(oid, 'pg_namespace'), '') FROM "
                               "pg_namespace WHERE nspname = $1",
                               {std::string(views.schema)}},
                              soon());
  if (!found) return fail(postgres::unavailable(found.error(), "looking for views"));
  if (found->rows() == 0) return There::nothing;
  return found->at(0, 0) == mark ? There::ours : There::not_ours;
}

Result<void> run(postgres::Connection& connection, const std::string& sql) {
  auto done = connection.execute(sql, soon());
  if (!done) return fail(postgres::unavailable(done.error(), "making views"));
  return {};
}

std::string drop(const Views& views) {
  return "DROP SCHEMA IF EXISTS " + std::string(views.schema) + " CASCADE;";
}

Error not_ours(const Views& views) {
  return {Code::conflict,
          "the schema " + std::string(views.schema) +
              " is there and is not of parley: it is left alone",
          {}};
}

}  // namespace

Result<void> postgres_make_views(const std::string& url, std::string_view service) {
  TRY(views, views_of(service));
  TRY(connection, open(url));
  TRY(there, look(*connection, views));
  if (there == There::not_ours) return std::unexpected(not_ours(views));
  const std::string schema(views.schema);
  return run(*connection, "BEGIN;" + drop(views) + "CREATE SCHEMA " + schema +
                              ";COMMENT ON SCHEMA " + schema + " IS '" + std::string(mark) + "';" +
                              std::string(views.sql) + "COMMIT;");
}

Result<void> postgres_drop_views(const std::string& url, std::string_view service) {
  TRY(views, views_of(service));
  TRY(connection, open(url));
  TRY(there, look(*connection, views));
  if (there == There::not_ours) return std::unexpected(not_ours(views));
  return run(*connection, drop(views));
}

Result<bool> postgres_has_views(const std::string& url, std::string_view service) {
  TRY(views, views_of(service));
  TRY(connection, open(url));
  TRY(there, look(*connection, views));
  return there == There::ours;
}

}  // namespace parley::store
