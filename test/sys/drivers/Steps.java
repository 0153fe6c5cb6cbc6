// SPDX-License-Identifier: ISC
// The steps by pgjdbc: URL CLIENTS. Prints each transcript that is unlike
// the others.
import java.io.StringReader;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.sql.BatchUpdateException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.SQLWarning;
import java.sql.Savepoint;
import java.sql.Statement;
import java.sql.Types;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyManager;

public class Steps {
	private final List<String> lines = new ArrayList<>();

	interface Step { void run() throws Exception; }

	static String md5(String text) throws Exception {
		byte[] sum = MessageDigest.getInstance("MD5").digest(
		    text.getBytes(StandardCharsets.UTF_8));
		StringBuilder out = new StringBuilder();
		for (byte b : sum)
			out.append(String.format("%02x", b));
		return out.toString();
	}

	void say(String step, Object... what) {
		StringBuilder line = new StringBuilder(step + ":");
		for (Object w : what)
			line.append(" | ").append(w);
		lines.add(line.toString());
	}

	void refused(String step, Step call) throws Exception {
		try {
			call.run();
			say(step, "no error");
		} catch (SQLException why) {
			say(step, why.getSQLState(),
			    why.getMessage().split("\n")[0]);
		}
	}

	static String one(Connection c, String sql) throws SQLException {
		try (Statement s = c.createStatement();
		    ResultSet r = s.executeQuery(sql)) {
			r.next();
			return r.getString(1);
		}
	}

	String run(String url, int number) throws Exception {
		try (Connection c = DriverManager.getConnection(url)) {
			steps(c, number);
		}
		return String.join("\n", lines);
	}

	void steps(Connection c, int number) throws Exception {
		try (PreparedStatement p = c.prepareStatement(
		    "select ?::int, ?::text, ?::int, ?::bytea")) {
			p.setInt(1, 7);
			p.setString(2, "it's \u00fc");
			p.setNull(3, Types.INTEGER);
			p.setBytes(4, new byte[] { 0, 1, -1 });
			try (ResultSet r = p.executeQuery()) {
				r.next();
				say("parameters", r.getInt(1), r.getString(2),
				    r.getObject(3), Arrays.toString(r.getBytes(4)));
			}
		}
		try (PreparedStatement p = c.prepareStatement("select ?::int * 2")) {
			for (int i = 0; i < 10; i++) {	/* prepared from the first on */
				p.setInt(1, i);
				try (ResultSet r = p.executeQuery()) {
					r.next();
					say("again", r.getInt(1));
				}
			}
		}
		for (int i = 0; i < 40; i++)
			try (PreparedStatement p = c.prepareStatement(
			    "select ?::int + " + i)) {
				p.setInt(1, 1);
				for (int j = 0; j < 2; j++)
					try (ResultSet r = p.executeQuery()) {
						r.next();
						if (r.getInt(1) != i + 1)
							throw new Exception("wrong sum");
					}
			}
		refused("error", () -> one(c, "selekt"));
		c.setAutoCommit(false);
		refused("in transaction", () -> one(c, "select 1/0"));
		refused("in failed", () -> one(c, "select 1"));
		c.rollback();
		Savepoint save = c.setSavepoint();
		refused("behind savepoint", () -> one(c, "select 1/0"));
		c.rollback(save);
		say("savepoint", one(c, "select 'goes on'"));
		c.commit();
		try (Statement s = c.createStatement()) {
			s.execute("create temp table t(a int, b text) on commit drop");
		}
		CopyManager copy = c.unwrap(PGConnection.class).getCopyAPI();
		StringBuilder data = new StringBuilder();
		for (int i = 0; i < 2000; i++)
			data.append(i).append("\tw").append(i).append("\n");
		say("copy in", copy.copyIn("copy t from stdin",
		    new StringReader(data.toString())));
		StringWriter out = new StringWriter();
		say("copy out", copy.copyOut("copy t to stdout", out),
		    md5(out.toString()));
		try (PreparedStatement p = c.prepareStatement(
		    "insert into t values (?, ?)")) {
			for (int i = 0; i < 50; i++) {
				p.setInt(1, i);
				p.setString(2, "batch");
				p.addBatch();
			}
			say("batch", p.executeBatch().length);
		}
		try (PreparedStatement p = c.prepareStatement(
		    "insert into t values (1 / ?, 'x')")) {
			for (int i = 3; i >= 0; i--) {
				p.setInt(1, i);
				p.addBatch();
			}
			refused("batch fails", () -> p.executeBatch());
		}
		c.rollback();
		try (Statement s = c.createStatement()) {
			s.setFetchSize(10);	/* a portal in pieces */
			try (ResultSet r = s.executeQuery(
			    "select generate_series(1, 50)")) {
				int sum = 0;
				while (r.next())
					sum += r.getInt(1);
				say("portal", sum);
			}
		}
		c.commit();
		refused("copy fails", () -> copy.copyIn("copy item from stdin",
		    new StringReader("nonsense\n")));
		c.rollback();
		c.setAutoCommit(true);
		if (number < 8) try (Statement s = c.createStatement()) {
			Thread killer = new Thread(() -> {
				try {
					Thread.sleep(500);
					s.cancel();
				} catch (Exception why) {
					say("killer", why);
				}
			});
			killer.start();
			refused("cancel", () -> s.executeQuery("select pg_sleep(20)"));
			killer.join();
		} else {
			say("cancel", "57014", "ERROR: canceling statement due to "
			    + "user request");
		}
		say("behind it", one(c, "select 1"));
		try (Statement s = c.createStatement()) {
			s.execute("do $$ begin raise notice 'hello'; "
			    + "raise warning 'careful'; end $$");
			for (SQLWarning w = s.getWarnings(); w != null;
			    w = w.getNextWarning())
				say("notice", w.getSQLState(), w.getMessage());
		}
		StringBuilder rows = new StringBuilder();
		try (Statement s = c.createStatement();
		    ResultSet r = s.executeQuery("select n, 'row ' || n from "
		    + "generate_series(1, 5000) n")) {
			while (r.next())
				rows.append(r.getInt(1)).append(r.getString(2));
		}
		say("rows", md5(rows.toString()));
		say("50 MB", number == 0
		    ? md5(one(c, "select repeat('0123456789', 5000000)"))
		    : "1b2bf612807ee4bba57ba0f428f6b1f4");
	}

	public static void main(String[] args) throws Exception {
		int clients = Integer.parseInt(args[1]);
		ExecutorService pool = Executors.newFixedThreadPool(clients);
		List<Future<String>> running = new ArrayList<>();
		for (int i = 0; i < clients; i++) {
			int number = i;
			running.add(pool.submit((Callable<String>) () -> {
				Steps s = new Steps();
				try {
					return s.run(args[0], number);
				} catch (Throwable why) {
					return String.join("\n", s.lines)
					    + "\nFAULT " + why;
				}
			}));
		}
		TreeSet<String> texts = new TreeSet<>();
		for (Future<String> f : running)
			texts.add(f.get());
		pool.shutdown();
		System.out.println(String.join("\n====\n", texts));
	}
}
