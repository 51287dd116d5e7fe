// The client of Tomcat: sends the messages of a file, and compares the echoes.
import jakarta.websocket.ClientEndpointConfig;
import jakarta.websocket.CloseReason;
import jakarta.websocket.ContainerProvider;
import jakarta.websocket.Endpoint;
import jakarta.websocket.EndpointConfig;
import jakarta.websocket.Extension;
import jakarta.websocket.MessageHandler;
import jakarta.websocket.Session;
import jakarta.websocket.WebSocketContainer;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;

public class Client extends Endpoint {
  private static final int LONGEST = 1 << 24;

  private record Compression() implements Extension {
    @Override
    public String getName() {
      return "permessage-deflate";
    }

    @Override
    public List<Parameter> getParameters() {
      return List.of();
    }
  }

  private final LinkedBlockingQueue<Object> received = new LinkedBlockingQueue<>();
  private final CompletableFuture<Integer> closed = new CompletableFuture<>();

  public static void main(String[] arguments) throws Exception {
    List<Object> sent = messages(Path.of(arguments[1]));
    WebSocketContainer container = ContainerProvider.getWebSocketContainer();
    container.setDefaultMaxTextMessageBufferSize(LONGEST);
    container.setDefaultMaxBinaryMessageBufferSize(LONGEST);
    List<Extension> offer = List.of(new Compression());
    ClientEndpointConfig config = ClientEndpointConfig.Builder.create().extensions(offer).build();
    Client client = new Client();
    Session session = container.connectToServer(client, config, URI.create(arguments[0]));
    Thread sender = new Thread(() -> sendAll(session, sent));
    sender.start();
    int wrong = 0;
    for (Object message : sent) if (!message.equals(client.received.take())) wrong++;
    sender.join();
    String extension = session.getNegotiatedExtensions().get(0).getName();
    session.close();
    System.out.printf(
        "{\"extensions\":\"%s\",\"came\":%d,\"wrong\":%d,\"code\":%d}%n",
        extension, sent.size(), wrong, client.closed.get());
    System.exit(0);
  }

  private static List<Object> messages(Path path) throws Exception {
    List<Object> list = new ArrayList<>();
    for (String line : Files.readAllLines(path)) {
      String[] parts = line.split(" ", 2);
      byte[] content = Base64.getDecoder().decode(parts[1]);
      if (parts[0].equals("text")) list.add(new String(content, StandardCharsets.UTF_8));
      else list.add(ByteBuffer.wrap(content));
    }
    return list;
  }

  private static void sendAll(Session session, List<Object> messages) {
    try {
      for (Object message : messages) {
        if (message instanceof String text) session.getBasicRemote().sendText(text);
        else session.getBasicRemote().sendBinary(((ByteBuffer) message).duplicate());
      }
    } catch (Exception error) {
      error.printStackTrace();
      System.exit(1);
    }
  }

  @Override
  public void onOpen(Session session, EndpointConfig config) {
    session.addMessageHandler(String.class, (MessageHandler.Whole<String>) received::add);
    session.addMessageHandler(ByteBuffer.class, (MessageHandler.Whole<ByteBuffer>) received::add);
  }

  @Override
  public void onClose(Session session, CloseReason reason) {
    closed.complete(reason.getCloseCode().getCode());
  }

  @Override
  public void onError(Session session, Throwable error) {
    error.printStackTrace();
    System.exit(1);
  }
}
